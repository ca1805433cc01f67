"""Where a network's parameters lie, what would still fit, and what another one spends instead."""

from dataclasses import replace
from difflib import SequenceMatcher

from mnistlab.arch.edit import with_layer
from mnistlab.arch.ledger import BUDGET, Kind, Ledger, Row, ledger
from mnistlab.arch.spec import Spec


def formula(row: Row) -> str:
    """A row's total as it is reckoned: inputs · outputs · kernel, biases, batch norm's four a map.

    The text is arithmetic: with `·` read as times it gives `row.total`. Empty without parameters.
    """
    if not row.total:
        return ""
    area = row.kernel**2
    words = [f"{row.in_channels}·{row.out_channels}" + (f"·{area}" if area > 1 else "")]
    weights = row.in_channels * row.out_channels * area
    if row.trainable - weights - row.running:
        words.append(f"{row.out_channels}")
    if row.running:
        words.append(f"4·{row.out_channels}")
    return " + ".join(words)


def price(spec: Spec, index: int) -> int | None:
    """What one more filter of a layer costs, in parameters, its share of the next layer included.

    A network's total is linear in each layer's filters, so two of them give the slope. None for a
    pool.
    """
    layer = spec.layers[index]
    if layer.filters is None:
        return None
    one, two = (
        ledger(with_layer(spec, index, replace(layer, filters=n))).total for n in _pair(layer)
    )
    return two - one


def _pair(layer: object) -> tuple[int, int]:
    """Two neighbouring widths, not above the present one where that can be."""
    filters = getattr(layer, "filters", 1)
    return (filters - 1, filters) if filters > 1 else (1, 2)


def room(result: Ledger, index: int) -> int | None:
    """How many more filters of one layer fit into the budget, the others as they are.

    Negative is how many must go until it fits. None for a pool.
    """
    cost = price(result.spec, index)
    if cost is None:
        return None
    left = BUDGET - result.total
    return left // cost


def aligned(mine: Ledger, other: Ledger) -> list[tuple[Row | None, Row | None]]:
    """The rows of two networks side by side, None where one has no counterpart.

    Rows of the same kind are paired in their order, as many as can be.
    """
    pairs: list[tuple[Row | None, Row | None]] = []
    here: list[Kind] = [row.kind for row in mine.rows]
    there: list[Kind] = [row.kind for row in other.rows]
    matcher = SequenceMatcher(None, here, there, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            pairs += zip(mine.rows[a:b], other.rows[c:d], strict=True)
        else:
            pairs += [(row, None) for row in mine.rows[a:b]]
            pairs += [(None, row) for row in other.rows[c:d]]
    return pairs
