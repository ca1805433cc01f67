"""Whose run is next: people take turns, not runs.

A person's next run comes before everybody's next but one. Turns that somebody had count, so the
order stays true while runs are claimed one after the other; who had nothing to train meanwhile is
one of those who had the fewest turns, and saves none up. Among equals, whoever has trained for the
shortest time comes first. Runs without a person, as in a lab without a class, keep the order in
which they were queued.

This is start-time fair queueing (Goyal, Vin & Cheng 1996) with a run as the unit.
"""

FAIR_ORDER = """
    queue_position > 0,
    CASE WHEN queue_position > 0 THEN 0 ELSE queue_position END,
    row_number() OVER (PARTITION BY person, queue_position > 0 ORDER BY queue_position, id)
        + coalesce((SELECT turns FROM people WHERE people.id = runs.person), 0),
    (SELECT seconds FROM people WHERE people.id = runs.person),
    queue_position,
    id
"""
"""An SQL ORDER BY for queued runs. `store.positions` says what stays first."""

IS_HELD_BACK = """(
    EXISTS (SELECT 1 FROM people WHERE people.id = runs.person AND NOT is_teacher)
    AND EXISTS (SELECT 1 FROM classes
        WHERE iif(json_valid(rules), json_type(rules, '$.is_paused'), '') = 'true')
)"""
"""An SQL condition for queued runs: the class is paused and this is a student's run."""

CATCH_UP = """
    UPDATE people SET turns = max(turns, coalesce((
        SELECT min(others.turns) FROM people AS others WHERE others.id IN
        (SELECT person FROM runs WHERE state IN ('queued', 'running'))), 0))
    WHERE id = :person AND NOT EXISTS
        (SELECT 1 FROM runs WHERE runs.person = :person AND state IN ('queued', 'running'))
"""
COUNT_TURN = "UPDATE people SET turns = turns + 1 WHERE id = (SELECT person FROM runs WHERE id = ?)"
COUNT_SECONDS = (
    "UPDATE people SET seconds = seconds + ? WHERE id = (SELECT person FROM runs WHERE id = ?)"
)
