"""What a teacher sets in a lesson: the task, the network that is sent to all, the vote."""

from dataclasses import replace
from functools import partial

import streamlit as st

from mnistlab.arch.presets import PRESETS, resolve
from mnistlab.arch.spec import Spec
from mnistlab.arch.summary import BUDGET, MAX_PARAMETERS
from mnistlab.classroom.lessons import LESSONS, RECIPE, Lesson
from mnistlab.classroom.task import Control, Task, conditions, one_sentence
from mnistlab.data.dataset import MNIST
from mnistlab.errors import LabError
from mnistlab.home import Home
from mnistlab.markup import fill
from mnistlab.recipe.defaults import default_recipe
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.classroom import current_task, votes
from mnistlab.store.store import Store
from mnistlab.ui.classroom.lesson.vote import LETTERS, show_vote
from mnistlab.ui.common import current_network, html, page
from mnistlab.worker.processes import ensure_workers


def manage_task(home: Home) -> None:
    """The teacher's controls of the lesson; nothing for everybody else."""
    if not home.is_class or not home.actor.is_teacher:
        return
    store = Store.of(home)
    try:
        task, offer = current_task.current_task(store), current_task.current_offer(store)
        st.header("Lesson", anchor=False)
        _show_current(store, task)
        _choose_lesson(store, task)
        _own_task(store)
        st.header("Send to all", anchor=False)
        _send(store, offer.network if offer else None)
        st.header("Vote", anchor=False)
        _manage_vote(home, store)
    except LabError as error:
        page.show_error(error)


def _show_current(store: Store, task: Task | None) -> None:
    if task is None:
        st.html(html.caption("No task: everybody may change everything. Choose a lesson."))
        return
    solved = f"Solved with {text}. " if (text := conditions(task)) else ""
    st.html(fill('<div class="lab-task"><b>{}</b></div>', task.sentence))
    st.html(html.caption(f"{solved}{task.allows}"))
    st.html(html.mono(str(task.network)) + html.caption(str(task.recipe)))
    st.button(
        "End the task",
        icon=":material/close:",
        on_click=page.run_action,
        args=(current_task.set_task, store, None),
        key="end_task",
    )


def _choose_lesson(store: Store, task: Task | None) -> None:
    with st.container(horizontal=True, gap="small"):
        for lesson in LESSONS:
            st.button(
                lesson.title,
                type="primary" if lesson.task == task else "secondary",
                on_click=page.run_action,
                args=(_begin, store, lesson),
                help=lesson.task.sentence,
                key=f"lesson_{lesson.name}",
            )
    st.html(
        html.caption(
            "45 minutes each; docs/lessons has a page with times and questions for each. A lesson "
            "sets the task and sends its network to all."
        )
    )


def _begin(store: Store, lesson: Lesson) -> None:
    current_task.set_task(store, lesson.task)
    current_task.send_to_all(store, lesson.task.network)


def _own_task(store: Store) -> None:
    """A form for a task of one's own, which starts with the current network."""
    with st.expander("A task of your own", icon=":material/edit:"), st.form("own_task"):
        sentence = st.text_input("Task in a sentence", key="task_sentence")
        left, right = st.columns(2)
        most = left.number_input(
            "At most so many parameters (0 = any)", 0, MAX_PARAMETERS, BUDGET, 1000, key="task_most"
        )
        least = right.number_input(
            "At least this validation accuracy (%; 0 = any)",
            *(0.0, 100.0, 97.0, 0.1),
            format="%.2f",
            key="task_least",
        )
        epochs = left.number_input("Epochs", 1, 1000, RECIPE.epochs, key="task_epochs")
        size = right.number_input(
            "Training images", 64, MNIST.n_train, RECIPE.available_images, 1000, key="task_images"
        )
        chosen = st.pills(
            "What may be changed",
            list(Control),
            format_func=lambda control: control.label,
            selection_mode="multi",
            key="task_controls",
        )
        st.html(html.caption("Everybody starts with your current network:"))
        st.html(html.mono(str(current_network.current())))
        if st.form_submit_button("Set task", type="primary", key="set_task"):
            page.run_action(
                lambda: current_task.set_task(
                    store,
                    Task(
                        one_sentence(sentence),
                        current_network.current(),
                        _recipe(current_network.current(), int(epochs), int(size)),
                        frozenset(Control(each) for each in chosen),
                        int(most) or None,
                        round(least / 100, 6) or None,
                    ),
                )
            )
            st.rerun()


def _recipe(spec: Spec, epochs: int, size: int) -> Recipe:
    """The lessons' recipe with the network's own learning rate."""
    rate = default_recipe(spec).learning_rate
    return replace(RECIPE, epochs=epochs, train_size=size, learning_rate=rate)


def _send(store: Store, offered: Spec | None) -> None:
    """The button that offers the current network to everybody, and one that takes it back."""
    spec = current_network.current()
    st.html(html.mono(str(spec)))
    with st.container(horizontal=True):
        st.button(
            "Send to all",
            icon=":material/send:",
            on_click=page.run_action,
            args=(current_task.send_to_all, store, spec),
            help="Offers your current network on everybody's Design page.",
            key="send_to_all",
        )
        if offered:
            st.button(
                "Withdraw",
                on_click=page.run_action,
                args=(current_task.withdraw_offer, store),
                key="withdraw_offer",
            )
    if offered:
        st.html(html.caption(f"On offer: {offered}"))


def _manage_vote(home: Home, store: Store) -> None:
    vote = votes.current_vote(store)
    if vote is None:
        _open_vote(store)
        return
    show_vote(home)
    with st.container(horizontal=True):
        if vote.is_open:
            st.button(
                "Close and train both",
                type="primary",
                icon=":material/play_arrow:",
                on_click=page.run_action,
                args=(_close, home, store, vote.id),
                key="close_vote",
            )
        st.button(
            "Remove the vote",
            icon=":material/delete:",
            on_click=page.run_action,
            args=(votes.remove_vote, store, vote.id),
            key="remove_vote",
        )
    if not vote.is_open:
        _open_vote(store)


def _close(home: Home, store: Store, vote: int) -> None:
    votes.close_vote(store, vote)
    ensure_workers(home)


def _open_vote(store: Store) -> None:
    """A form for two networks, as presets' names or network strings."""
    task = current_task.current_task(store)
    starts = (task.network if task else PRESETS[1].spec, current_network.current())
    with st.form("new_vote"):
        columns = st.columns(2)
        texts = [
            column.text_input(f"Network {letter}", str(start), key=f"vote_network{letter}")
            for letter, column, start in zip(LETTERS, columns, starts, strict=True)
        ]
        if st.form_submit_button("Open the vote", key="open_vote"):
            recipe = task.recipe if task else None
            page.run_action(partial(_open, store, texts, recipe))
            st.rerun()


def _open(store: Store, texts: list[str], recipe: Recipe | None) -> None:
    first, second = map(resolve, texts)
    votes.open_vote(store, first, second, recipe or _recipe(first, RECIPE.epochs, 10_000))
