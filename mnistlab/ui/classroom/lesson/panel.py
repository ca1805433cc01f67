"""The lesson at the top of Design and Train: the task with what is met so far, offer and vote."""

from collections.abc import Callable

import streamlit as st

from mnistlab.arch.spec import Spec
from mnistlab.arch.summary import summarize
from mnistlab.classroom.task import Task
from mnistlab.errors import LabError
from mnistlab.home import Home
from mnistlab.markup import Markup, fill, join
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.classroom.current_task import Offer, TaskResult, current_offer, task_result
from mnistlab.store.classroom.votes import lesson_state
from mnistlab.store.store import Store
from mnistlab.text import percent, short_percent
from mnistlab.ui.classroom.lesson.vote import show_vote
from mnistlab.ui.classroom.session_task import network_problem, recipe_problem, session_task
from mnistlab.ui.common import html, page

POLL_SECONDS = 5.0
"""How often a page asks whether the teacher has changed the lesson."""
SEEN = "seen_offer"
"""Where the session keeps when the offer was sent that it opened or closed."""
MET, NOT_MET = "✓", "○"


def show_lesson(
    home: Home,
    spec: Spec,
    recipe: Recipe | None,
    open_network: Callable[[Spec], None],
    use_recipe: Callable[[], None] | None = None,
) -> bool:
    """Task, offer and vote of a class, nothing in a lab without one; whether the task allows to
    train this network with this recipe.

    `recipe` is None where none is chosen yet; `open_network` makes a network the current one,
    `use_recipe` selects the task's recipe.
    """
    if not home.is_class:
        return True
    try:
        _watch(home)
        task = session_task()
        is_allowed = task is None or _show_task(home, task, spec, recipe, open_network, use_recipe)
        _show_offer(current_offer(Store.of(home)), spec, open_network)
        show_vote(home)
        return is_allowed
    except LabError as error:
        page.show_error(error)
        return True  # the store itself still refuses what the task locks


def _watch(home: Home) -> None:
    """Draw the page again when the teacher has changed something."""
    store = Store.of(home)
    before = lesson_state(store)

    @page.fragment(run_every=POLL_SECONDS)
    def check() -> None:
        try:
            now = lesson_state(store)
        except LabError:
            return  # busy; the next time tells
        if now != before:
            st.rerun()

    check()


def _show_task(
    home: Home,
    task: Task,
    spec: Spec,
    recipe: Recipe | None,
    open_network: Callable[[Spec], None],
    use_recipe: Callable[[], None] | None,
) -> bool:
    result = task_result(Store.of(home), task, home.actor.person or 0)
    wrong_network = network_problem(spec)
    wrong_recipe = recipe_problem(recipe) if recipe else ""
    with st.container(border=True, key="task", gap="small"):
        st.html(
            fill(
                '<div class="lab-task"><b>{}</b><ul>{}</ul></div>',
                task.sentence,
                join(_conditions(task, spec, result)),
            )
        )
        if wrong_network or wrong_recipe:
            page.show_warning(
                " ".join(filter(None, (wrong_network, wrong_recipe, "Until then, Start is off.")))
            )
            with st.container(horizontal=True):
                if wrong_network:
                    st.button(
                        "Open the task's network",
                        icon=":material/restart_alt:",
                        on_click=open_network,
                        args=(task.network,),
                        key="open_task_network",
                    )
                if wrong_recipe and use_recipe:
                    st.button(
                        "Use the task's recipe",
                        icon=":material/restart_alt:",
                        on_click=use_recipe,
                        key="use_task_recipe",
                    )
    return not (wrong_network or wrong_recipe)


def _conditions(task: Task, spec: Spec, result: TaskResult) -> list[Markup]:
    """What the task asks for, each with a mark: the network's size, the best run, the controls."""
    lines = []
    if task.max_parameters is not None:
        total = summarize(spec).total
        lines.append(
            _line(
                total <= task.max_parameters,
                f"At most {task.max_parameters:,} parameters: this network has {total:,}.",
            )
        )
    if task.min_accuracy is not None:
        lines.append(
            _line(
                result.is_solved,
                f"At least {short_percent(task.min_accuracy)} validation accuracy"
                f"{' within that limit' if task.max_parameters else ''}: {_best(task, result)}",
            )
        )
    return [*lines, fill("<li><i>·</i>{}</li>", task.allows)]


def _best(task: Task, result: TaskResult) -> str:
    run = result.run
    if run is None or run.best is None:
        return "you have no run yet."
    if not result.is_small_enough:
        return f"your runs are too large; run {run.id} has {run.parameters:,} parameters."
    return f"your best run ({run.id}) has {percent(run.best.accuracy)}."


def _line(is_met: bool, text: str) -> Markup:
    return fill(
        '<li class="{}"><i role="img" aria-label="{}">{}</i>{}</li>',
        "lab-met" if is_met else "",
        "met" if is_met else "not met yet",
        MET if is_met else NOT_MET,
        text,
    )


def _show_offer(offer: Offer | None, spec: Spec, open_network: Callable[[Spec], None]) -> None:
    """What the teacher sent to all, until this session has opened or closed it."""
    if offer is None or offer.network == spec or st.session_state.get(SEEN) == offer.sent:
        return

    def close() -> None:
        st.session_state[SEEN] = offer.sent

    def accept() -> None:
        close()
        open_network(offer.network)

    with st.container(border=True, key="offer", horizontal=True, vertical_alignment="center"):
        st.html(
            html.labeled("Your teacher sent a network", "Open it; Undo returns to yours.")
            + html.mono(str(offer.network)),
            width="stretch",
        )
        st.button("Open it", icon=":material/download:", on_click=accept, key="open_offer")
        st.button("Not now", on_click=close, key="close_offer")
