"""HTML and SVG from templates: values are escaped, unless they are `Markup`.

`Markup` is MarkupSafe's type for text that needs no escaping. It is made here only, from templates
that are literals in the code (ruff's rule S704 checks that), so a name that a user typed always
stays text, and no caller has to escape it.
"""

import re
from collections.abc import Iterable

from markupsafe import Markup, escape

__all__ = ["Markup", "escape_markdown", "fill", "join", "plain_markdown"]
MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&$])")
MARKDOWN_LINE_START = re.compile(r"^(#|[+\-=](?=[\s\-=]|$)|\d+[.)](?=\s|$))")
"""What at a line's beginning makes a heading, a list or a rule."""
LINK_OR_ICON = re.compile(r"(?<=[:@])(?=\S)|(?<=www)(?=\.)", re.IGNORECASE)
"""Where an address, an icon or an emoji can be broken up: no backslash keeps a browser from it."""
WORD_JOINER = "\N{WORD JOINER}"
"""Has no width, and no line may break at it."""


def fill(template: str, *values: object, **named: object) -> Markup:
    """The template as `str.format` would fill it; values are escaped unless they are `Markup`."""
    # Escaped first, then formatted as plain text: a third of the time of `Markup.format`.
    return Markup(  # noqa: S704 (ruff checks each call of this function)
        template.format(
            *map(_escaped, values), **{name: _escaped(value) for name, value in named.items()}
        )
    )


def join(pieces: Iterable[Markup]) -> Markup:
    return Markup("").join(pieces)


def escape_markdown(text: str) -> str:
    """One line of Markdown that shows the text as it is, in reports and in Streamlit's messages."""
    line = MARKDOWN_SPECIAL.sub(r"\\\1", " ".join(text.split()))
    return MARKDOWN_LINE_START.sub(lambda match: f"{match[0][:-1]}\\{match[0][-1]}", line)


def plain_markdown(text: str) -> str:
    """Markdown for Streamlit that shows one line as it is, with nothing to click or to load."""
    return escape_markdown(LINK_OR_ICON.sub(WORD_JOINER, text))


def _escaped(value: object) -> object:
    """A number as it is, so that a format may follow; Markup too: it has been through here."""
    if isinstance(value, Markup | int | float):
        return value
    return escape(str(value))
