"""Aggregates over all runs, computed in SQL: the basis of selection bias and test-set use."""

from dataclasses import dataclass

from mnistlab.data.options import Split
from mnistlab.store.rows import typed
from mnistlab.store.run import State
from mnistlab.store.store import Store


@dataclass(frozen=True)
class TestSetUse:
    """How often runs evaluated on the test images.

    `n_selections` epochs of `n_selecting_runs` runs, to select the best epoch; `n_final` runs once,
    after training.
    """

    n_selections: int
    n_selecting_runs: int
    n_final: int


@dataclass(frozen=True)
class Plateau:
    """One run's last epochs: errors on its `count` validation images.

    `mean_above_min`: the mean of these epochs' errors minus the fewest; `last_above_best`: the
    last epoch's errors minus the best epoch's. `test_above_best`: test error rate minus the best
    epoch's validation error rate (0–1), None if the test images select the epoch.
    """

    count: int
    mean_above_min: float
    last_above_best: int
    test_above_best: float | None


def count_test_set_use(store: Store) -> TestSetUse:
    """Count over every run in the store, including the trash.

    A run with the article protocol uses the test images after each epoch, any other once after
    training. Permanently deleted runs and evaluations outside this store are not known.
    """
    article = "iif(json_valid(recipe), json_extract(recipe, '$.split'), '') = ?"
    with store.database.reading() as db:
        row = db.execute(
            f"SELECT total(iif({article}, epochs_done, 0)), total({article} AND epochs_done), "
            "count(test_count) FROM runs",
            (Split.ARTICLE, Split.ARTICLE),
        ).fetchone()
    return TestSetUse(*map(int, row))


def plateaus(store: Store, epochs: int, limit: int) -> list[Plateau]:
    """The last `epochs` epochs of the newest `limit` finished runs with at least twice as many."""
    with store.database.reading() as db:
        rows = db.execute(
            "SELECT e.validation_count, avg(e.validation_errors) - min(e.validation_errors), "
            "r.last_errors - r.best_errors, "
            "1.0 * r.test_errors / r.test_count - 1.0 * r.best_errors / r.best_count "
            "FROM (SELECT * FROM runs WHERE state = ? AND best_count > 0 AND epochs_done >= ? "
            f"AND {typed('best_errors', 'best_count', 'last_errors')} "
            "ORDER BY id DESC LIMIT ?) AS r JOIN epochs AS e "
            "ON e.run = r.id AND e.number > r.epochs_done - ? "
            f"AND {typed('e.validation_count', 'e.validation_errors')} AND e.validation_count > 0 "
            "GROUP BY r.id",
            (State.DONE, 2 * epochs, limit, epochs),
        ).fetchall()
    return [Plateau(*row) for row in rows]
