"""The people of a class: rename one, hand out a new link, remove one with all that is theirs."""

import streamlit as st

from mnistlab.classroom.names import MAX_NICKNAME
from mnistlab.home import Home
from mnistlab.markup import plain_markdown
from mnistlab.store.classroom import people
from mnistlab.store.classroom.people import Person
from mnistlab.store.classroom.standings import activity_by_person
from mnistlab.store.store import Store
from mnistlab.text import duration, quantity
from mnistlab.ui.classroom.addresses import enter_path, public_url
from mnistlab.ui.common import html, page
from mnistlab.ui.common.stable_select import select_one

LINK = "new_link"
"""Where the session keeps a new link, and whose it is, until somebody else is selected."""


def show(home: Home) -> None:
    """Everybody with what they did, and the buttons for the selected person."""
    store = Store.of(home)
    students = [each for each in people.people(store) if not each.is_teacher]
    if not students:
        st.html(html.empty("Nobody has joined yet. Show the address on the board."))
        return
    activity = activity_by_person(store)
    st.html(
        html.table(
            ("Name", "Runs", "Training"),
            [
                (each.name, str(activity[each.id].n_runs), duration(activity[each.id].seconds))
                for each in students
            ],
            sums=False,
        )
    )
    names = {str(each.id): each.name for each in students}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        selected = select_one(
            "Person", names, "managed_person", on_change=_forget_link, help="Whom to change."
        )
        person = next(each for each in students if str(each.id) == selected)
        _buttons(store, person)
    link = st.session_state.get(LINK)
    if link and link[0] == person.id:
        st.html(html.caption(f"The new link of {person.name}. Earlier ones no longer work."))
        st.code(link[1], language=None)


def _buttons(store: Store, person: Person) -> None:
    key = f"name_of_{person.id}"
    st.text_input("New name", max_chars=MAX_NICKNAME, key=key)
    st.button("Rename", on_click=page.run_action, args=(_rename, store, person.id, key))
    st.button(
        "New link",
        on_click=page.run_action,
        args=(_renew, store, person.id),
        help="For somebody who has lost theirs. Do not show it on the projector.",
    )
    if st.button("Remove", icon=":material/delete:"):
        _confirm_removal(store, person)


def _rename(store: Store, person: int, key: str) -> None:
    people.rename(store, person, st.session_state[key])
    st.session_state[key] = ""


def _renew(store: Store, person: int) -> None:
    token = people.renew_token(store, person)
    st.session_state[LINK] = (person, public_url(enter_path(token)))


def _forget_link() -> None:
    st.session_state.pop(LINK, None)


@st.dialog("Remove person?")
def _confirm_removal(store: Store, person: Person) -> None:
    st.write(
        plain_markdown(
            f"This deletes {person.name} with all runs, checkpoints and drawings permanently."
        )
    )
    n_runs = activity_by_person(store)[person.id].n_runs
    st.html(html.caption(f"{quantity(n_runs, 'run')} outside the trash."))
    if st.button("Remove permanently", type="primary"):
        page.run_action(people.remove, store, person.id)
        st.rerun()
