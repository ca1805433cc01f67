"""The shared caches: bounded, the least recently used first; computed once, each for itself."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from mnistlab.ui.common.caching import LruCache, OnceCache


def test_the_least_recently_used_is_evicted_first() -> None:
    cache: LruCache[str, int] = LruCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1 and cache.get_or_put("a", 5) == 1
    cache.put("c", 3)
    assert len(cache) == 2 and cache.get("b") is None
    assert cache.get("a") == 1 and cache.get("c") == 3
    cache.put("a", 4)
    assert cache.get_or_put("d", 6) == 6
    assert cache.get("a") == 4 and cache.get("c") is None


def test_values_from_many_threads_are_never_more_than_the_bound() -> None:
    cache: LruCache[int, int] = LruCache(10)

    def use(number: int) -> None:
        cache.put(number, number)
        assert cache.get(number) in (number, None)
        assert len(cache) <= 11, "one more while it is put"

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(use, range(2000)))
    assert len(cache) == 10


def test_one_computes_and_the_others_wait() -> None:
    cache: OnceCache[str, object] = OnceCache(4)
    computed, begun = [], Barrier(8)

    def compute() -> object:
        computed.append(object())
        return computed[-1]

    def ask(_: int) -> object:
        begun.wait(30)
        return cache.get("a", compute)

    with ThreadPoolExecutor(8) as pool:
        values = set(pool.map(ask, range(8)))
    assert len(computed) == 1 and values == set(computed)


def test_different_values_do_not_wait_for_each_other() -> None:
    cache: OnceCache[int, int] = OnceCache(4)
    together = Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        # Neither comes to its end unless both are being computed.
        values = pool.map(lambda key: cache.get(key, lambda: together.wait(30)), (1, 2))
        assert sorted(values) == [0, 1]


def test_failed_and_evicted_values_are_computed_again() -> None:
    cache: OnceCache[int, int] = OnceCache(2)
    with pytest.raises(ZeroDivisionError):
        cache.get(1, lambda: 1 // 0)
    assert cache.get(1, lambda: 7) == 7 and cache.get(1, lambda: 8) == 7
    for key in (2, 3):
        cache.get(key, lambda: 0)
    assert len(cache) == 2 and cache.get(1, lambda: 9) == 9
