"""What a class has reached: each student's best run, what is new, how much everybody trained.

Aggregated in SQL, because the board asks again every few seconds. The teacher's runs are examples
and are left out, and so are runs in the trash, without an epoch, or that train on all data: these
have no validation accuracy.
"""

from dataclasses import dataclass

from mnistlab.stats.score import Score
from mnistlab.store.rows import typed
from mnistlab.store.run import State
from mnistlab.store.store import Store


@dataclass(frozen=True)
class Standing:
    """A student's best run: the most accurate one, among equals the smallest, then the oldest.

    `best` is its best validation accuracy. Equals in accuracy and parameters share a `rank`, which
    begins at 1; the rank after them is left out. `is_on_front`: no other student's best run is as
    accurate with fewer parameters, or more accurate with as many.
    """

    rank: int
    person: int
    name: str
    run_id: int
    network: str
    parameters: int
    best: Score
    is_on_front: bool


@dataclass(frozen=True)
class Result:
    """A run of a student that has ended."""

    name: str
    run_id: int
    parameters: int
    best: Score


@dataclass(frozen=True)
class Activity:
    """How many runs a person has, outside the trash, and for how many seconds they trained since
    the lesson began.
    """

    n_runs: int
    seconds: float


RANKED = (
    "runs.deleted IS NULL AND NOT people.is_teacher AND best_count > 0 "
    "AND best_errors BETWEEN 0 AND best_count AND parameters > 0 "
    f"AND {typed('parameters', 'best_errors', 'best_count')}"
)
# Windows instead of comparing everybody with everybody. On the front is whoever has the lowest
# error rate up to that size, and the smallest network with that rate.
STANDINGS = f"""
WITH ranked AS (
    SELECT person, people.name AS name, runs.id AS run, spec, parameters, best_errors, best_count,
        1.0 * best_errors / best_count AS rate
    FROM runs JOIN people ON people.id = runs.person WHERE {RANKED}
), best AS (
    SELECT *, row_number() OVER (PARTITION BY person ORDER BY rate, parameters, run) AS number
    FROM ranked
)
SELECT rank() OVER (ORDER BY rate, parameters) AS rank, person, name, run, spec, parameters,
    best_errors, best_count,
    rate = min(rate) OVER (ORDER BY parameters)
        AND parameters = min(parameters) OVER (PARTITION BY rate) AS is_on_front
FROM best WHERE number = 1 ORDER BY rank, run
"""


def standings(store: Store) -> list[Standing]:
    """Every student who has a ranked run, the best one first."""
    with store.database.reading() as db:
        return [
            Standing(
                rank, person, name, run, network, parameters, Score(errors, count), bool(front)
            )
            for rank, person, name, run, network, parameters, errors, count, front in db.execute(
                STANDINGS
            )
        ]


def newest_results(store: Store, count: int) -> list[Result]:
    """The students' runs that ended last, the newest first."""
    with store.database.reading() as db:
        rows = db.execute(
            "SELECT people.name, runs.id, parameters, best_errors, best_count "
            f"FROM runs JOIN people ON people.id = runs.person WHERE {RANKED} AND state IN (?, ?) "
            "ORDER BY ended DESC, runs.id DESC LIMIT ?",
            (State.DONE, State.STOPPED, count),
        )
        return [
            Result(name, run, parameters, Score(errors, count))
            for name, run, parameters, errors, count in rows
        ]


def activity_by_person(store: Store) -> dict[int, Activity]:
    """How much everybody did, by the person's number."""
    with store.database.reading() as db:
        rows = db.execute(
            "SELECT people.id, count(runs.id), people.seconds FROM people LEFT JOIN runs "
            "ON runs.person = people.id AND runs.deleted IS NULL GROUP BY people.id"
        )
        return {row[0]: Activity(row[1], row[2]) for row in rows}
