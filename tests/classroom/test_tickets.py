"""Tickets of the joining page cannot be made or changed by those who carry them."""

import pytest

from mnistlab.classroom.tickets import Ticket, make_ticket, read_ticket

SECRET, TICKET = b"s" * 32, Ticket("Brave Otter", 3, 7)


def test_a_ticket_is_read_as_it_was_made() -> None:
    assert read_ticket(SECRET, make_ticket(SECRET, TICKET)) == TICKET


@pytest.mark.parametrize("old, new", [("Brave", "Crude"), (".3.", ".9."), (".7.", ".8.")])
def test_a_changed_ticket_is_none(old: str, new: str) -> None:
    assert read_ticket(SECRET, make_ticket(SECRET, TICKET).replace(old, new)) is None


@pytest.mark.parametrize("text", ["", ".", "x.3.7.Ada", "é.\ufffd", "3.7.Ada"])
def test_what_is_no_ticket_is_none(text: str) -> None:
    assert read_ticket(SECRET, text) is None
    assert read_ticket(b"t" * 32, make_ticket(SECRET, TICKET)) is None
