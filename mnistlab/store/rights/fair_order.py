"""Whose run is next: people take turns, not runs.

A person's first queued run comes before everybody's second one, and turns that somebody had since
the class was opened count: the order stays true while runs are claimed one after the other. Among
equals, whoever has trained for the shortest time comes first. Runs without a person, as in a lab
without a class, keep the order in which they were queued.
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
"""An SQL ORDER BY for queued runs. What was put first (negative) or preempted (0) stays there."""

IS_HELD_BACK = """(
    EXISTS (SELECT 1 FROM people WHERE people.id = runs.person AND NOT is_teacher)
    AND EXISTS (SELECT 1 FROM classes
        WHERE iif(json_valid(rules), json_type(rules, '$.is_paused'), '') = 'true')
)"""
"""An SQL condition for queued runs: the class is paused and this is a student's run."""

COUNT_TURN = "UPDATE people SET turns = turns + 1 WHERE id = (SELECT person FROM runs WHERE id = ?)"
COUNT_SECONDS = (
    "UPDATE people SET seconds = seconds + ? WHERE id = (SELECT person FROM runs WHERE id = ?)"
)
