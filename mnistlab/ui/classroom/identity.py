"""Who one is in the class, at the top of every page: own link, what is stored, leaving."""

import streamlit as st

from mnistlab.actor import VISITOR
from mnistlab.classroom.qr import image_qr
from mnistlab.errors import LabError
from mnistlab.markup import Markup, fill, plain_markdown
from mnistlab.store.classroom import people
from mnistlab.store.classroom.people import Person
from mnistlab.store.store import Store
from mnistlab.ui.classroom.addresses import enter_path, lab_path, public_url
from mnistlab.ui.classroom.session import session_home

OWN_LINK = (
    "Your own link: it opens the class as you, on another device or after this one has forgotten "
    "you. Whoever has it is you, so show it to nobody."
)
TEACHER_LINK = (
    "The teacher's link: whoever has it may change and delete everything. Keep it off the "
    "projector."
)
STORED = (
    "Stored about you, on the teacher's computer alone: this name, your runs and the drawings you "
    "save. The teacher can rename or remove you with all of it. Nothing is sent elsewhere."
)
LEFT = "You are no longer in this class: the teacher has removed you or made you a new link. "


def has_left() -> bool:
    """Whether the page belongs to somebody whom the teacher has removed, or given a new link, since
    it was opened: an open connection outlives both.
    """
    home = session_home()
    return home.is_class and home.actor == VISITOR


def show() -> None:
    """One's name as a button that opens the details; nothing in a lab without a class.

    Stops the page for somebody who `has_left`.
    """
    home = session_home()
    if not home.is_class:
        return
    if has_left():
        st.html(fill('<p>{}<a href="{}">Join</a></p>', LEFT, lab_path("join")))
        st.stop()
    try:
        store = Store.of(home)
        person = next((p for p in people.people(store) if p.id == home.actor.person), None)
        if person:
            _popover(store, person)
    except LabError as error:
        st.error(plain_markdown(str(error)))


def _popover(store: Store, person: Person) -> None:
    with st.container(key="identity", width="content"):
        # Drawn when it is open: before that, no link is in the page that a projector shows.
        details = st.popover(
            plain_markdown(person.name),
            icon=":material/school:" if person.is_teacher else ":material/person:",
            type="tertiary",
            key="who",
            on_change="rerun",
        )
    if details.open:
        with details:
            current = people.the_class(store)
            url = public_url(enter_path(people.token_of(store, person.id)))
            st.html(_details(person, current.title if current else "", url))


def _details(person: Person, title: str, url: str) -> Markup:
    return fill(
        '<div class="lab-who"><b>{}</b><span>{}</span><p>{}</p><img alt="QR code of the link" '
        'src="{}"><code>{}</code><p>{}</p><a href="{}">Leave on this device</a></div>',
        person.name,
        title,
        TEACHER_LINK if person.is_teacher else OWN_LINK,
        image_qr(url),
        url,
        STORED,
        lab_path("leave"),
    )
