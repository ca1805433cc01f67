"""A report as Markdown, with the course's headings; the charts stay behind."""

import re
from collections.abc import Iterable

from mnistlab.report.document import Report, Section, Table

SPECIAL = re.compile(r"([\\`*_\[\]<>|~&])")
BEGINS = re.compile(r"^(#|[+\-=](?=[\s\-=]|$)|\d+[.)](?=\s|$))")
"""What at a line's beginning makes a heading, a list or a rule."""


def markdown(report: Report) -> str:
    """The whole report. Whatever a person typed is shown as it was typed."""
    parts = [f"# {_text(report.title)}"]
    for section in (report.overview, *report.sections):
        if section:
            parts += _section(section)
    parts += ["## To make it again", "```sh\n" + "\n".join(report.commands) + "\n```"]
    if report.made_with:
        parts.append(f"Made with {_text(report.made_with)}.")
    return "\n\n".join(parts) + "\n"


def _section(section: Section) -> list[str]:
    parts = [f"## {_text(section.title)}", "### Target", *map(_text, section.target)]
    parts += ["### Result", *map(_text, section.result), *map(_table, section.tables)]
    if section.notes:
        lines = section.notes.splitlines()
        parts += ["Notes:", "\n".join(f"> {_text(line)}" for line in lines)]
    parts += ["### Analysis", *(f"- {_text(each)}" for each in section.questions), "…"]
    return parts


def _table(table: Table) -> str:
    def line(cells: Iterable[str]) -> str:
        return f"| {' | '.join(cells)} |"

    rows = [line(map(_text, row)) for row in table.rows]
    return "\n".join([line(map(_text, table.head)), line(["---"] * len(table.head)), *rows])


def _text(text: str) -> str:
    """One line in which nothing means anything to Markdown."""
    line = SPECIAL.sub(r"\\\1", " ".join(text.split()))
    return BEGINS.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", line)
