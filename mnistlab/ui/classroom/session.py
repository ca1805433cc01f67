"""Who a browser's session belongs to: by the cookie that joining sets.

A cookie, not the address: it outlives a reload, a lost connection and the server, is there in every
tab, and is in no link that is shared and on no projector.
"""

from dataclasses import replace
from functools import lru_cache
from hashlib import sha256

import streamlit as st

from mnistlab.actor import OPERATOR, VISITOR, Actor
from mnistlab.home import Home, default_home
from mnistlab.store.classroom import people
from mnistlab.store.store import FileState, Store


def session_home() -> Home:
    """The lab for whoever looks at the page: in a class with the rights of that person."""
    home = default_home()
    return replace(home, actor=session_actor(home))


def session_actor(home: Home) -> Actor:
    """Who looks at the page: the operator of a lab without a class."""
    if not home.is_class:
        return OPERATOR
    return token_actor(home, st.context.cookies.get(cookie_name(home), ""))


def token_actor(home: Home, token: str) -> Actor:
    """Who has a token of this class; a visitor if it is not valid."""
    return _actor(home, token, Store(home.runs).file_state()) if token else VISITOR


def cookie_name(home: Home) -> str:
    """One for each class: browsers send a host's cookies to all of its ports."""
    return "mnistlab-" + sha256(str(home.folder).encode()).hexdigest()[:12]


# A page asks many times; the answer only changes with the store.
@lru_cache(maxsize=1024)
def _actor(home: Home, token: str, state: FileState) -> Actor:
    return people.actor_of(Store(home.runs), token)
