"""Make a thing once and keep it, whichever thread asks first: with `functools.lru_cache` alone, all that ask meanwhile make one each."""

from collections.abc import Callable
from functools import lru_cache, update_wrapper
from threading import Lock
from typing import Generic, ParamSpec, TypeVar

Asked = ParamSpec("Asked")
Made = TypeVar("Made")


class Once(Generic[Asked, Made]):
    """A function that keeps the last things it made, by arguments that can be hashed; who asks for one in the making waits for it."""

    def __init__(self, make: Callable[Asked, Made], keep: int) -> None:
        self._kept, self._making = lru_cache(maxsize=keep)(make), Lock()
        update_wrapper(self, make)

    def __call__(self, *arguments: Asked.args, **named: Asked.kwargs) -> Made:
        with self._making:
            return self._kept(*arguments, **named)  # type: ignore[arg-type]  # that they can be hashed cannot be said of a ParamSpec

    def forget(self) -> None:
        """Keep nothing of what was made."""
        self._kept.cache_clear()


def once(keep: int) -> Callable[[Callable[Asked, Made]], Once[Asked, Made]]:
    """Decorate a function so that it keeps the last `keep` things it made."""
    return lambda make: Once(make, keep)
