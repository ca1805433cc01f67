"""Caches that all sessions of the server share: bounded, and safe to use from any thread.

Not Streamlit's own: those outlive a reload of the code, and their values' classes are then no
longer the code's. These end with their module.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LruCache(Generic[K, V]):
    """Values by key, of which the `max_size` most recently used stay.

    For what `functools.lru_cache` cannot do: values that are found many at a time.
    """

    def __init__(self, max_size: int) -> None:
        self.max_size = max_size
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """The key's value, which is now the most recently used one; None if there is none."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        """Set the key's value; the least recently used one goes if there are too many."""
        with self._lock:
            self._put(key, value)

    def get_or_put(self, key: K, value: V) -> V:
        """The key's value, which is the given one if there was none."""
        with self._lock:
            value = self._values.get(key, value)
            self._put(key, value)
            return value

    def _put(self, key: K, value: V) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        while len(self._values) > self.max_size:
            self._values.popitem(last=False)


class _Entry(Generic[V]):
    """A value that may still be missing, and the lock of those who wait for it."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.values: list[V] = []


class OnceCache(Generic[K, V]):
    """Values that take long to compute: of several threads that ask for one, the first computes it
    and the others wait. Those that ask for different ones do not wait for each other.
    """

    def __init__(self, max_size: int) -> None:
        self._entries: LruCache[K, _Entry[V]] = LruCache(max_size)

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K, compute: Callable[[], V]) -> V:
        """The key's value. Where `compute` raises, there is none, and the next thread tries."""
        entry = self._entries.get_or_put(key, _Entry())
        with entry.lock:
            if not entry.values:
                entry.values.append(compute())
            return entry.values[0]
