"""Terms whose definition appears as a tooltip, where a pointer or the keyboard reaches them."""

from mnistlab.experiments.terms import BOLD, definition
from mnistlab.markup import Markup, fill, join


def explained(text: str) -> Markup:
    """A text as a paragraph; its bold terms show their definitions."""
    # Splitting at a pattern with one group gives text and terms in turn.
    pieces = (
        _term(piece) if index % 2 else fill("{}", piece)
        for index, piece in enumerate(BOLD.split(text))
    )
    return fill('<p class="lab-text">{}</p>', join(pieces))


def _term(term: str) -> Markup:
    meaning = definition(term)
    if meaning is None:
        return fill("<b>{}</b>", term)
    return fill(
        '<span class="lab-term" tabindex="0"><b>{}</b>'
        '<span class="lab-tip" role="tooltip">{}</span></span>',
        term,
        meaning,
    )
