"""Where a network's parameters are, and how many filters fit the budget."""

from bisect import bisect

from mnistlab.arch.edit import with_filters
from mnistlab.arch.spec import MAX_FILTERS, SpecError
from mnistlab.arch.summary import BUDGET, LayerSummary, NetworkSummary, summarize


def parameter_formula(row: LayerSummary) -> str:
    """A layer's total as a sum: inputs · filters · kernel, biases, batch norm's four per channel.

    With `·` as multiplication the text evaluates to `row.total`. Empty without parameters.
    """
    return " + ".join(term for one in row.operations for term in one.formula)


def filters_to_budget(result: NetworkSummary, index: int) -> int | None:
    """Filters to add to one layer to reach the budget, with the other layers unchanged.

    Negative: filters to remove; minus all of them if not even one filter would fit. Layers tied by
    residual connections change together. None for a pool.
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
        return 0  # Tied to the image, which has one channel.
    # The total is linear in a layer's filters, or quadratic if tied layers feed each other, so
    # Newton's forward differences give the polynomial through three points.
    difference, second_difference = second - first, third - 2 * second + first

    def total(n: int) -> int:
        steps = n - at
        return first + steps * difference + steps * (steps - 1) // 2 * second_difference

    return bisect(range(1, MAX_FILTERS + 1), BUDGET, key=total) - filters
