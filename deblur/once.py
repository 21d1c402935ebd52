"""Make a thing once and keep it, whichever thread asks first: with `functools.lru_cache` alone, all that ask meanwhile make one each."""

import inspect
from collections.abc import Callable
from functools import lru_cache, update_wrapper
from threading import Lock
from typing import Generic, ParamSpec, TypeVar

Asked = ParamSpec("Asked")
Made = TypeVar("Made")


class Once(Generic[Asked, Made]):
    """A function that keeps the last things it made, by its arguments, which must be hashable; while it makes one, whoever asks waits."""

    def __init__(self, make: Callable[Asked, Made], keep: int) -> None:
        self._kept, self._making, self._signature = lru_cache(maxsize=keep)(make), Lock(), inspect.signature(make)
        update_wrapper(self, make)

    def __call__(self, *arguments: Asked.args, **named: Asked.kwargs) -> Made:
        asked = self._signature.bind(*arguments, **named)
        asked.apply_defaults()  # however they are given, the same arguments are the same
        with self._making:
            return self._kept(*asked.args, **asked.kwargs)

    def forget(self) -> None:
        """Keep nothing of what was made."""
        self._kept.cache_clear()


def once(keep: int) -> Callable[[Callable[Asked, Made]], Once[Asked, Made]]:
    """Decorate a function so that it keeps the last `keep` things it made."""
    return lambda make: Once(make, keep)
