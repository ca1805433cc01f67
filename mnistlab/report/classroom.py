"""A report of a class: its standings as a table and a figure."""

from collections.abc import Sequence

from mnistlab.arch.presets import TARGET_ACCURACY
from mnistlab.arch.summary import BUDGET
from mnistlab.charts.class_board import class_board
from mnistlab.report.document import Report, Section, Table
from mnistlab.store.classroom.standings import Standing
from mnistlab.text import percent, quantity

HEAD = ("rank", "name", "run", "network", "parameters", "validation (best epoch)")


def class_report(title: str, standings: Sequence[Standing]) -> Report:
    """Each student's best run, with names as the standings have them."""
    rows = tuple(
        (
            str(each.rank),
            each.name,
            str(each.run_id),
            each.network,
            f"{each.parameters:,}",
            str(each.best),
        )
        for each in standings
    )
    n_reached = sum(
        each.best.accuracy >= TARGET_ACCURACY and each.parameters < BUDGET for each in standings
    )
    section = Section(
        title="Standings",
        target=(
            f"Reach {percent(TARGET_ACCURACY)} on MNIST with fewer than {BUDGET:,} parameters.",
        ),
        result=(
            f"{quantity(len(rows), 'student')} with a result; {n_reached} reached the target.",
        ),
        questions=(
            "Which networks are on the Pareto front, and what do they have in common?",
            "Whose confidence intervals overlap?",
        ),
        tables=(Table(HEAD, rows),) if rows else (),
        figures=(class_board(standings),) if rows else (),
    )
    return Report(f"Class {title}", section, (), ())
