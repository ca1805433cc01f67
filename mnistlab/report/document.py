"""A report as a value: target, result and questions for the analysis.

Its texts are plain; the HTML and Markdown writers escape them.
"""

from dataclasses import dataclass

from mnistlab.charts.base import Figure


@dataclass(frozen=True)
class Table:
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """One experiment under the course's headings: target, result, analysis.

    `questions` guide the analysis, which the student writes; `notes` are the run's notes.
    """

    title: str
    target: tuple[str, ...]
    result: tuple[str, ...]
    questions: tuple[str, ...]
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    notes: str = ""


@dataclass(frozen=True)
class Report:
    """A title, an overview, the sections, and the commands that reproduce the results.

    `made_with` lists the versions of the software.
    """

    title: str
    overview: Section | None
    sections: tuple[Section, ...]
    commands: tuple[str, ...]
    made_with: str = ""
