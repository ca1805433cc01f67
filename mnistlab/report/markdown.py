"""A report as Markdown, with the course's headings and without charts."""

from collections.abc import Iterable

from mnistlab.markup import escape_markdown
from mnistlab.report.document import Report, Section, Table


def markdown(report: Report) -> str:
    """The whole report; all texts are escaped."""
    parts = [f"# {escape_markdown(report.title)}"]
    for section in (report.overview, *report.sections):
        if section:
            parts += _section(section)
    parts += ["## Reproduce", "```sh\n" + "\n".join(report.commands) + "\n```"]
    if report.made_with:
        parts.append(f"Made with {escape_markdown(report.made_with)}.")
    return "\n\n".join(parts) + "\n"


def _section(section: Section) -> list[str]:
    parts = [
        f"## {escape_markdown(section.title)}",
        "### Target",
        *map(escape_markdown, section.target),
    ]
    parts += ["### Result", *map(escape_markdown, section.result), *map(_table, section.tables)]
    if section.notes:
        lines = section.notes.splitlines()
        parts += ["Notes:", "\n".join(f"> {escape_markdown(line)}" for line in lines)]
    parts += [
        "### Analysis",
        *(f"- {escape_markdown(question)}" for question in section.questions),
        "…",
    ]
    return parts


def _table(table: Table) -> str:
    def line(cells: Iterable[str]) -> str:
        return f"| {' | '.join(cells)} |"

    rows = [line(map(escape_markdown, row)) for row in table.rows]
    return "\n".join(
        [line(map(escape_markdown, table.head)), line(["---"] * len(table.head)), *rows]
    )
