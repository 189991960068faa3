"""Remembers what follows from commits alone, and so never changes, for those who ask again within minutes."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

CAPACITY = 256


class LruCache:
    """Bounded, the least used go first; safe to share between threads. Two may make the same at once."""

    def __init__(self) -> None:
        self._cached: OrderedDict[tuple[str, ...], Any] = OrderedDict()
        self._lock = threading.Lock()

    def get_or_create(self, create: Callable[[], T], *key: str, is_valid: Callable[[T], bool] = lambda _: True) -> T:
        """Return what was created under the key before, or what `create` gives now. What raises is not kept.

        `is_valid`: whether what was cached is still there.
        """
        with self._lock:
            hit = key in self._cached
            if hit:
                self._cached.move_to_end(key)
                cached: T = self._cached[key]
        if hit and is_valid(cached):
            return cached
        created = create()
        with self._lock:
            self._cached[key] = created
            while len(self._cached) > CAPACITY:
                self._cached.popitem(last=False)
        return created
