"""Class: everybody's best run on one board; below it the teacher manages the class."""

import streamlit as st

from mnistlab.errors import LabError
from mnistlab.store.classroom import people
from mnistlab.store.store import Store
from mnistlab.ui.board import board, manage
from mnistlab.ui.classroom.session import session_home
from mnistlab.ui.common import html, page

home = session_home()
store = Store.of(home)
try:
    current, failure = people.the_class(store) if home.is_class else None, None
except LabError as error:
    current, failure = None, str(error)

page.setup("Class", f"Class {current.title}" if current else "Class")
if failure:
    page.show_error(failure)
    st.stop()
if current is None:
    st.html(html.empty("There is no class here. Open one with: python -m mnistlab class NAME"))
    st.stop()
board.show(home)
if home.actor.is_teacher:
    try:
        manage.show(home, current)
    except LabError as error:
        page.show_error(error)
