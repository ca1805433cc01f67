"""Which layers of a network are not as they were in another one."""

from functools import cache

from mnistlab.arch.ledger import ledger
from mnistlab.arch.spec import Conv, Layer, Spec


def changed(before: Spec, after: Spec) -> set[str]:
    """The names of the rows of `after`'s ledger that are new or chosen otherwise than in `before`.

    A choice that holds everywhere, such as batch norm, changes every 3×3 convolution.
    """
    everywhere = _everywhere(before) != _everywhere(after)
    rows = iter(ledger(after).rows)
    found = set()
    for old, layer in zip(_partners(before, after), after.layers, strict=True):
        if isinstance(layer, Conv):
            name = next(rows).name
            if everywhere or layer != old:
                found.add(name)
            continue
        # A pooled transition has two rows: its convolution's and its pool's.
        was = None if isinstance(old, Conv) else old
        if layer.filters is not None:
            name = next(rows).name
            if was is None or was.filters != layer.filters:
                found.add(name)
        if layer.pooled:
            name = next(rows).name
            if was is None or not was.pooled:
                found.add(name)
    if before.head is not after.head:
        found |= {row.name for row in rows}
    return found


def _everywhere(spec: Spec) -> tuple[object, ...]:
    return spec.batch_norm, spec.conv_bias, spec.dropout, spec.dropout and spec.dropout_kind


def _partners(before: Spec, after: Spec) -> list[Layer | None]:
    """For each layer of `after` the one of `before` that it was, None for a new one.

    The alignment in order that keeps most: three for a layer that is the same, two for one of the
    same kind (S. Needleman and C. Wunsch, "A general method applicable to the search for
    similarities", 1970, with free gaps).
    """
    one, two = before.layers, after.layers

    @cache
    def best(i: int, j: int) -> tuple[int, tuple[tuple[int, int], ...]]:
        if i == len(one) or j == len(two):
            return 0, ()
        ways = [best(i + 1, j), best(i, j + 1)]
        if isinstance(one[i], Conv) is isinstance(two[j], Conv):
            score, pairs = best(i + 1, j + 1)
            ways.insert(0, (score + 2 + (one[i] == two[j]), ((i, j), *pairs)))
        return max(ways, key=lambda way: way[0])

    partners = {j: one[i] for i, j in best(0, 0)[1]}
    return [partners.get(j) for j in range(len(two))]
