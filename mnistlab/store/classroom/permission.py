"""What somebody may change and see, for pages: they ask before the store would refuse."""

from collections.abc import Sequence

from mnistlab.store.rights.hidden_names import hidden_from
from mnistlab.store.rights.ownership import NotAllowedError, require_own
from mnistlab.store.store import Store


def refusal(store: Store, run_ids: Sequence[int]) -> str:
    """The sentence with which the store would refuse to change these runs; empty if it would not.

    The store checks again within the transaction that changes something.
    """
    if store.actor.is_teacher:
        return ""
    try:
        with store.database.reading() as db:
            require_own(db, store.actor, "runs", run_ids)
    except NotAllowedError as error:
        return str(error)
    return ""


def names_hidden_from(store: Store) -> int | None:
    """The number of the person for whom the store leaves out others' names; None if it does not."""
    with store.database.reading() as db:
        return hidden_from(db, store.actor)
