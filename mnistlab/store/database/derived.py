"""The columns of a run's row that follow from its other columns and its epochs.

What a table of runs is sorted and filtered by lies in the run's own row, so that it need not read
a hundred thousand epochs. Two functions keep these columns true: `summarize` whenever epochs are
written, `recompute` after the file was brought to a new version.
"""

import sqlite3

from mnistlab.arch.spec import parse
from mnistlab.arch.summary import summarize

# Where a run validates on images that it trains on, it keeps its last epoch and has no score to be
# ranked by; `training.early_stopping.selected_epoch` says the same in Python.
ALL = "json_extract(recipe, '$.split') = 'all'"
BEST = """FROM epochs WHERE run = runs.id
         ORDER BY validation_errors, validation_loss, number LIMIT 1"""
LAST = "FROM epochs WHERE run = runs.id ORDER BY number DESC LIMIT 1"
REFRESH_SUMMARY = f"""
UPDATE runs SET
    (epochs_done, seconds) =
        (SELECT count(*), total(seconds) FROM epochs WHERE run = runs.id),
    best_epoch = iif({ALL}, (SELECT number {LAST}), (SELECT number {BEST})),
    best_errors = iif({ALL}, NULL, (SELECT validation_errors {BEST})),
    best_count = iif({ALL}, NULL, (SELECT validation_count {BEST})),
    last_errors = iif({ALL}, NULL, (SELECT validation_errors {LAST})),
    last_count = iif({ALL}, NULL, (SELECT validation_count {LAST}))
"""


def refresh_summary(db: sqlite3.Connection, run_id: int) -> None:
    """Compute what one run's epochs sum up to."""
    db.execute(f"{REFRESH_SUMMARY} WHERE id = ?", (run_id,))


def recompute(db: sqlite3.Connection) -> None:
    """Compute every derived column of every run. Raises SpecError if a network is unreadable."""
    counts = [
        (summarize(parse(row["spec"])).total, row["spec"])
        for row in db.execute("SELECT DISTINCT spec FROM runs").fetchall()
    ]
    db.executemany("UPDATE runs SET parameters = ? WHERE spec = ?", counts)
    db.execute(REFRESH_SUMMARY)
