"""HTML and SVG from templates: what is put into one is escaped unless it is `Markup` itself.

`Markup` is MarkupSafe's text that may go to a browser as it is. It is made here, from templates
that are written out in the code (ruff's S704 holds that), so a name that somebody typed can only
ever be text, and nobody has to remember to escape it.
"""

import re
from collections.abc import Iterable

from markupsafe import Markup

__all__ = ["Markup", "escape_markdown", "fill", "join"]
NO_BREAK = "\N{NO-BREAK SPACE}"
MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&$])")
MARKDOWN_LINE_START = re.compile(r"^(#|[+\-=](?=[\s\-=]|$)|\d+[.)](?=\s|$))")
"""What at a line's beginning makes a heading, a list or a rule."""


def fill(template: str, *values: object, **named: object) -> Markup:
    """The template, as `str.format` would fill it, with no line break before a percent sign."""
    return Markup(template).format(  # noqa: S704 (ruff holds it at each call of this function)
        *map(_unbroken, values), **{name: _unbroken(value) for name, value in named.items()}
    )


def join(pieces: Iterable[Markup]) -> Markup:
    return Markup("").join(pieces)


def escape_markdown(text: str) -> str:
    """One line of Markdown that shows the text as it is, in reports and in Streamlit's messages."""
    line = MARKDOWN_SPECIAL.sub(r"\\\1", " ".join(text.split()))
    return MARKDOWN_LINE_START.sub(lambda match: f"{match[0][:-1]}\\{match[0][-1]}", line)


def _unbroken(value: object) -> object:
    """Markup stays as it is: it may be a script, and what it was made of has been through here."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return value.replace(" %", f"{NO_BREAK}%")
