"""Two networks side by side: which rows belong together, and which of them changed."""

from functools import cache

from mnistlab.arch.spec import Spec
from mnistlab.arch.summary import LayerSummary, NetworkSummary, summarize

Pair = tuple[LayerSummary | None, LayerSummary | None]


def changed_layers(before: Spec, after: Spec) -> set[str]:
    """The names of the rows of `after`'s ledger that are new or chosen otherwise than in `before`.

    A choice for the whole network, such as batch norm, changes every row that it acts on.
    """
    return {
        new.name
        for old, new in align_rows(summarize(before), summarize(after))
        if new and (old is None or (old.choice, old.settings) != (new.choice, new.settings))
    }


def align_rows(mine: NetworkSummary, other: NetworkSummary) -> list[Pair]:
    """The rows of two networks in their order, None where one has no counterpart.

    The alignment that keeps most: three for a row chosen alike, two for one of the same kind (S.
    Needleman and C. Wunsch, "A general method applicable to the search for similarities", 1970,
    with free gaps).
    """
    one, two = mine.rows, other.rows

    @cache
    def best(i: int, j: int) -> int:
        """The score of what lies behind the first i rows of one network and j of the other."""
        if i == len(one) or j == len(two):
            return 0
        return max(together(i, j), best(i + 1, j), best(i, j + 1))

    def together(i: int, j: int) -> int:
        """The score with these two rows paired; -1 if they are of different kinds."""
        if _part(one[i]) != _part(two[j]):
            return -1
        return best(i + 1, j + 1) + 2 + (one[i].choice == two[j].choice)

    pairs: list[Pair] = []
    i = j = 0
    # Back along the way that reached the best score; of equal ones the earliest pair.
    while i < len(one) or j < len(two):
        score = best(i, j)
        if i < len(one) and j < len(two) and together(i, j) == score:
            pairs.append((one[i], two[j]))
            i, j = i + 1, j + 1
        elif j == len(two) or (i < len(one) and best(i + 1, j) == score):
            pairs.append((one[i], None))
            i += 1
        else:
            pairs.append((None, two[j]))
            j += 1
    return pairs


def _part(row: LayerSummary) -> tuple[object, ...]:
    """What paired rows have in common; the head's 1×1 is no transition."""
    return row.kind, row.in_head
