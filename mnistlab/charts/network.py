"""A network as a picture: every feature map to scale, its blocks side by side, as HTML with SVG.

A box's face has the size of the map, its depth grows with the channels; the small square on a face
is the kernel of the next layer. A selectable box has its layer's name in `data-part`.
"""

from collections.abc import Collection

from mnistlab.arch.blocks import LayerType
from mnistlab.arch.spec import INPUT_SIZE
from mnistlab.arch.summary import LayerSummary, NetworkSummary
from mnistlab.markup import Markup, fill, join

PIXEL = 2.2
"""SVG units per pixel of a map."""
MAX_DEPTH, MAX_CHANNEL_DEPTH = 30.0, 1.2
"""SVG units of depth for the layer with the most channels, and for one channel."""

ARC, PLUS, GAP = 8.0, 4.5, 7.0
"""Of a residual connection, in SVG units: height above the box, radius of the plus, start before
the box."""


def network_picture(
    result: NetworkSummary,
    selected: str = "",
    changed: Collection[str] = (),
    selectable: bool = True,
) -> Markup:
    """All feature maps from the input to the logits, in blocks, transitions and the head.

    The layers named in `changed` are outlined.
    """
    unit = min(MAX_CHANNEL_DEPTH, MAX_DEPTH / max(row.out_channels for row in result.rows))
    groups: list[tuple[str, list[Markup]]] = []
    next_rows = (*result.rows[1:], None)
    first = _box(INPUT_SIZE, 1, unit, result.rows[0])
    groups.append(("input", [_figure("input", "image", "1", INPUT_SIZE, first, "", False)]))
    for row, title, next_row in zip(result.rows, _groups(result.rows), next_rows, strict=True):
        if groups[-1][0] != title:
            groups.append((title, []))
        box = _box(row.out_size, row.out_channels, unit, next_row, shortcut=row.residual)
        groups[-1][1].append(
            _figure(
                row.name, row.caption, str(row.out_channels), row.out_size, box,
                "lab-chosen" if row.name == selected else "lab-changed" * (row.name in changed),
                selectable,
            )
        )  # fmt: skip
    sections = (
        fill(
            '<section class="lab-group"><p class="lab-group-name">{}</p><div>{}</div></section>',
            title.split("#")[0],
            join(figures),
        )
        for title, figures in groups
    )
    return fill('<div class="lab-picture">{}</div>', join(sections))


def _groups(rows: tuple[LayerSummary, ...]) -> list[str]:
    """The title of each row's group; a suffix after `#` distinguishes equal titles."""
    titles, block, between_blocks = [], 0, 0
    previous_type: LayerType | None = None
    for index, row in enumerate(rows):
        next_type = rows[index + 1].kind if index + 1 < len(rows) else None
        if row.in_head:
            titles.append("head")
        elif row.kind is LayerType.CONV:
            block += previous_type is not LayerType.CONV
            titles.append(f"block {block}")
        elif row.kind is LayerType.TRANSITION:
            between_blocks += 1
            pooled = next_type is LayerType.POOL
            titles.append(f"{'transition' if pooled else 'partial transition'}#{between_blocks}")
        elif previous_type is LayerType.TRANSITION:
            titles.append(titles[-1])
        else:
            between_blocks += 1
            titles.append(f"pool#{between_blocks}")
        previous_type = row.kind
    return titles


def _figure(
    name: str, caption: str, channels: str, size: int, box: Markup, mark: str, selectable: bool
) -> Markup:
    """A box with its layer's name, operation and output shape."""
    shape = f"{channels} × {size}²" if size > 1 else channels
    attributes = (
        fill(
            ' data-part="{}" role="button" tabindex="0" aria-pressed="{}"',
            name,
            str(mark == "lab-chosen").lower(),
        )
        if selectable
        else ""
    )
    return fill(
        '<figure class="lab-maps {}"{}>{}'
        "<figcaption><b>{}</b><span>{}</span><span>{}</span></figcaption></figure>",
        mark,
        attributes,
        box,
        name,
        caption,
        shape,
    )


def _box(
    size: int,
    channels: int,
    unit: float,
    next_row: LayerSummary | None,
    *,
    shortcut: bool = False,
) -> Markup:
    """Feature maps with the next row's kernel, and the residual connection into this row.

    A dashed kernel is a depthwise convolution's, which has one kernel per channel.
    """
    # A box in oblique projection: a square face, behind it `depth` up and to the right. The
    # drawing is 1.5 units larger, so that the borders fit in.
    side, depth = size * PIXEL, max(1.0, channels * unit)
    full = side + depth + 1.5
    face = fill(
        '<rect class="lab-face" x=".75" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>',
        depth + 0.75,
        side,
        side,
    )
    # The top and the right side are parallelograms that start at the face's edges.
    x, y = 0.75, depth + 0.75
    top = f"M{x} {y:.1f}l{depth:.1f} {-depth:.1f}h{side:.1f}l{-depth:.1f} {depth:.1f}z"
    right = f"M{x + side:.1f} {y:.1f}l{depth:.1f} {-depth:.1f}v{side:.1f}l{-depth:.1f} {depth:.1f}z"
    # The next layer's kernel, in the middle of the face; a 1×1 kernel is not drawn.
    kernel_window = Markup("")
    if next_row and next_row.kernel > 1:
        kernel_side = min(next_row.kernel, size) * PIXEL
        offset = (side - kernel_side) / 2
        kernel_window = fill(
            '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>',
            "lab-window" + " lab-depthwise" * next_row.depthwise,
            x + offset,
            y + offset,
            kernel_side,
            kernel_side,
        )
    return fill(
        '<svg width="{full:.1f}" height="{full:.1f}" aria-hidden="true">'
        '<path class="lab-side" d="{top}"/><path class="lab-side" d="{right}"/>'
        "{face}{kernel_window}{arc}</svg>",
        full=full,
        top=top,
        right=right,
        face=face,
        kernel_window=kernel_window,
        arc=_shortcut(side + depth) if shortcut else Markup(""),
    )


def _shortcut(width: float) -> Markup:
    """An arc from the previous maps, over the box, to a plus at its right edge."""
    x, y, arm = width - PLUS, ARC, PLUS / 2
    return fill(
        '<path class="lab-shortcut" d="M{} {}C{} {} {:.1f} {} {:.1f} {}"/>'
        '<circle class="lab-plus" cx="{:.1f}" cy="{}" r="{}"/>'
        '<path class="lab-arms" d="M{} {}h{}M{} {}v{}"/>',
        *(-GAP, ARC, -GAP, -ARC, x, -ARC, x, y),
        *(x, y, PLUS),
        *(f"{x - arm:.1f}", y, PLUS, f"{x:.1f}", f"{y - arm}", PLUS),
    )
