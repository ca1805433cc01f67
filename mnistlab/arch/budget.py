"""Where a network's parameters are, and what would still fit into the budget."""

from bisect import bisect

from mnistlab.arch.edit import with_filters
from mnistlab.arch.spec import MAX_FILTERS, SpecError
from mnistlab.arch.summary import BUDGET, LayerSummary, NetworkSummary, summarize


def parameter_formula(row: LayerSummary) -> str:
    """A row's total as a sum: inputs · filters · kernel, biases, batch norm's four a channel.

    The text is arithmetic: with `·` read as times it gives `row.total`. Empty without parameters.
    """
    return " + ".join(term for one in row.operations for term in one.formula)


def filters_to_budget(result: NetworkSummary, index: int) -> int | None:
    """How many more filters of one layer fit into the budget, the others as they are.

    Negative is how many must go until it fits; all of them where not even one would fit. Layers
    that residual connections tie to it change with it. None for a pool.
    """
    spec, filters = result.spec, result.spec.layers[index].filters
    if filters is None:
        return None
    at = max(filters - 2, 1)
    try:
        first, second, third = (
            summarize(with_filters(spec, index, n)).total for n in (at, at + 1, at + 2)
        )
    except SpecError:
        return 0  # tied to the image, which has one channel
    # Linear in a layer's filters, quadratic where tied layers feed each other: Newton's forward
    # differences give the polynomial through three points.
    step, bend = second - first, third - 2 * second + first

    def total(n: int) -> int:
        return first + (n - at) * step + (n - at) * (n - at - 1) // 2 * bend

    return bisect(range(1, MAX_FILTERS + 1), BUDGET, key=total) - filters
