"""A report as Markdown, with the course's headings and without charts."""

import re
from collections.abc import Iterable

from mnistlab.report.document import Report, Section, Table

SPECIAL = re.compile(r"([\\`*_\[\]<>|~&])")
LINE_START = re.compile(r"^(#|[+\-=](?=[\s\-=]|$)|\d+[.)](?=\s|$))")
"""Text that starts a heading, a list or a rule at the beginning of a line."""


def markdown(report: Report) -> str:
    """The whole report; all texts are escaped."""
    parts = [f"# {_text(report.title)}"]
    for section in (report.overview, *report.sections):
        if section:
            parts += _section(section)
    parts += ["## Reproduce", "```sh\n" + "\n".join(report.commands) + "\n```"]
    if report.made_with:
        parts.append(f"Made with {_text(report.made_with)}.")
    return "\n\n".join(parts) + "\n"


def _section(section: Section) -> list[str]:
    parts = [f"## {_text(section.title)}", "### Target", *map(_text, section.target)]
    parts += ["### Result", *map(_text, section.result), *map(_table, section.tables)]
    if section.notes:
        lines = section.notes.splitlines()
        parts += ["Notes:", "\n".join(f"> {_text(line)}" for line in lines)]
    parts += ["### Analysis", *(f"- {_text(question)}" for question in section.questions), "…"]
    return parts


def _table(table: Table) -> str:
    def line(cells: Iterable[str]) -> str:
        return f"| {' | '.join(cells)} |"

    rows = [line(map(_text, row)) for row in table.rows]
    return "\n".join([line(map(_text, table.head)), line(["---"] * len(table.head)), *rows])


def _text(text: str) -> str:
    """The text on one line, with every character that Markdown interprets escaped."""
    line = SPECIAL.sub(r"\\\1", " ".join(text.split()))
    return LINE_START.sub(lambda match: f"{match[0][:-1]}\\{match[0][-1]}", line)
