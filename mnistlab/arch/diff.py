"""Two networks side by side: which layers correspond, and which changed."""

from functools import cache

from mnistlab.arch.spec import Spec
from mnistlab.arch.summary import LayerSummary, NetworkSummary, summarize

Pair = tuple[LayerSummary | None, LayerSummary | None]


def changed_layers(before: Spec, after: Spec) -> set[str]:
    """The names of the layers of `after` that are new or differ from `before`.

    A network-wide option, such as batch norm, changes every layer that it applies to.
    """
    return {
        new.name
        for old, new in align_rows(summarize(before), summarize(after))
        if new and (old is None or (old.choice, old.settings) != (new.choice, new.settings))
    }


def align_rows(mine: NetworkSummary, other: NetworkSummary) -> list[Pair]:
    """The rows of both networks in order, None where one has no counterpart.

    The alignment with the highest score: 3 for equal layers, 2 for layers of the same type (S.
    Needleman and C. Wunsch, "A general method applicable to the search for similarities", 1970,
    with free gaps).
    """
    ours, theirs = mine.rows, other.rows

    @cache
    def best_score(i: int, j: int) -> int:
        """The best score of the rows after the first i of one network and j of the other."""
        if i == len(ours) or j == len(theirs):
            return 0
        return max(pair_score(i, j), best_score(i + 1, j), best_score(i, j + 1))

    def pair_score(i: int, j: int) -> int:
        """The best score with these two rows paired; -1 if their types differ."""
        if _pairing_key(ours[i]) != _pairing_key(theirs[j]):
            return -1
        return best_score(i + 1, j + 1) + 2 + (ours[i].choice == theirs[j].choice)

    pairs: list[Pair] = []
    i = j = 0
    # Trace back a path with the best score; ties take the earliest pair.
    while i < len(ours) or j < len(theirs):
        score = best_score(i, j)
        if i < len(ours) and j < len(theirs) and pair_score(i, j) == score:
            pairs.append((ours[i], theirs[j]))
            i, j = i + 1, j + 1
        elif j == len(theirs) or (i < len(ours) and best_score(i + 1, j) == score):
            pairs.append((ours[i], None))
            i += 1
        else:
            pairs.append((None, theirs[j]))
            j += 1
    return pairs


def _pairing_key(row: LayerSummary) -> tuple[object, ...]:
    """What paired rows have in common; the head's 1×1 convolution is not a transition."""
    return row.kind, row.in_head
