"""A report as a value: what was to be found out, what came of it, what the student shall think of.

Its texts are plain; whoever writes them out escapes them.
"""

from dataclasses import dataclass

from mnistlab.charts.base import Figure


@dataclass(frozen=True)
class Table:
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """One thing that was tried, under the course's headings: target, result, analysis.

    `questions` guide the analysis, which is the student's; `notes` are what a person wrote.
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
    """A title, an overview, the sections, and the commands that make it all again."""

    title: str
    overview: Section | None
    sections: tuple[Section, ...]
    commands: tuple[str, ...]
    made_with: str = ""
