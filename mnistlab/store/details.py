"""What a person may change about a run at any time: its name, owner, tags and notes."""

from mnistlab.store.store import MAX_NOTES, Store, one_line

MAX_TAGS = 200
"""Characters of all tags together."""


def edit_details(store: Store, run_id: int, name: str, owner: str, tags: str, notes: str) -> None:
    """Change a run's name, owner, tags and notes; an empty name keeps the old one."""
    words = tags.replace(",", " ").replace("#", " ").split()
    with store.database.writing() as db:
        db.execute(
            "UPDATE runs SET name = coalesce(nullif(?, ''), name), owner = ?, tags = ?, notes = ? "
            "WHERE id = ?",
            (
                one_line(name),
                one_line(owner),
                " ".join(dict.fromkeys(words))[:MAX_TAGS],
                notes.strip()[:MAX_NOTES],
                run_id,
            ),
        )
