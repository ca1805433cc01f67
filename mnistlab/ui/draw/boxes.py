"""Boxes with labels over a picture, as HTML from plain values."""

from collections.abc import Sequence

from mnistlab.markup import Markup, fill, join


def box(
    place: tuple[float, float, float, float], text: str, *, uncertain: bool, chosen: bool
) -> Markup:
    """A box around a part of a picture, with a label; left, top, width, height in fractions."""
    return fill(
        '<div class="lab-box{}{}" style="left:{:.2%};top:{:.2%};width:{:.2%};height:{:.2%}">'
        "<span>{}</span></div>",
        " lab-uncertain" * uncertain,
        " lab-chosen" * chosen,
        *place,
        text,
    )


def boxes(pieces: Sequence[Markup], is_wide: bool = False) -> Markup:
    """Boxes over a picture, which let clicks through; screen readers have the digits as text."""
    kind = " lab-wide" * is_wide
    return fill('<div class="lab-boxes{}" aria-hidden="true">{}</div>', kind, join(pieces))


def marked(picture: Markup, marks: Markup) -> Markup:
    """A picture with boxes over it."""
    return fill('<div class="lab-marked">{}{}</div>', picture, marks)
