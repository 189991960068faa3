"""Remembers what follows from commits alone, and so never changes, for those who ask again within minutes."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

MOST = 256


class Memo:
    """Bounded, the least used go first; safe to share between threads. Two may make the same at once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, ...], Any] = OrderedDict()
        self._lock = threading.Lock()

    def once(self, make: Callable[[], T], *key: str, still: Callable[[T], bool] = lambda _: True) -> T:
        """What was made under the key before, or what `make` gives now. What raises is not kept.

        `still`: whether what was kept is still there.
        """
        with self._lock:
            kept = key in self._kept
            if kept:
                self._kept.move_to_end(key)
                found: T = self._kept[key]
        if kept and still(found):
            return found
        made = make()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return made
