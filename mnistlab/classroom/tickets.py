"""Tickets of the joining page: a name that the lab has drawn, which its reader cannot change.

The form carries the ticket along, so the server stores nothing before somebody has joined.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256

MAX_SPINS = 3
"""How often somebody may have another name drawn."""
CODE_CHARACTERS = 32


@dataclass(frozen=True)
class Ticket:
    """A drawn name, how many more may be drawn, and a number that no other ticket has."""

    name: str
    spins: int
    number: int


def make_ticket(secret: bytes, ticket: Ticket) -> str:
    """The ticket as text, with a code that only the secret's holder can make."""
    content = f"{ticket.spins}.{ticket.number}.{ticket.name}"
    return f"{_code(secret, content)}.{content}"


def read_ticket(secret: bytes, text: str) -> Ticket | None:
    """The ticket; None if it was not made with this secret."""
    code, _, content = text.partition(".")
    if not hmac.compare_digest(code.encode(), _code(secret, content).encode()):
        return None
    spins, number, name = content.split(".", 2)
    return Ticket(name, int(spins), int(number))


def _code(secret: bytes, content: str) -> str:
    key = b"mnistlab ticket" + content.encode("utf-8", "replace")
    return hmac.new(secret, key, sha256).hexdigest()[:CODE_CHARACTERS]
