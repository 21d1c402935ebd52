"""A parameter is declared once; the slider, the flag, the check, the training range and the message all follow from it."""

import math
import numbers
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from deblur.reasons import InputError

Value = int | float | str


@dataclass(frozen=True)
class Param:
    """A number with a range. Whole if its default is an `int`; then `low` and `step` say which numbers exist."""

    name: str
    default: int | float
    low: int | float
    high: int | float
    step: int | float
    unit: str = ""

    @property
    def whole(self) -> bool:
        return isinstance(self.default, int)

    @property
    def expected(self) -> str:
        """What a value must be, in words: "an odd whole number from 3 to 31"."""
        if not self.whole:
            return f"a number from {self.low:g} to {self.high:g}"
        if self.step > 2:
            return f"a multiple of {self.step} from {self.low} to {self.high}"
        kind = "a whole number" if self.step == 1 else "an odd whole number" if self.low % 2 else "an even whole number"
        return f"{kind} from {self.low} to {self.high}"

    def check(self, value: object) -> int | float:
        """Return the value as the number it stands for.

        Raises:
            ValueError: It is no number, not finite, outside the range or between two steps.
        """
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise self._refusal(value, self.default)
        try:
            number = float(value)
        except OverflowError:  # a whole number beyond every float
            number = math.inf
        if not math.isfinite(number):
            raise self._refusal(value, self.default)
        if not self.low <= number <= self.high or (self.whole and (number - self.low) % self.step):
            raise self._refusal(value, self.nearest(number))
        return int(number) if self.whole else number

    def parse(self, text: str) -> int | float:
        """Read a command-line word.

        Raises:
            ValueError: As for `check`.
        """
        for kind in (int, float):  # whole numbers first, so that a refusal repeats them as typed
            try:
                return self.check(kind(text))
            except InputError:
                raise
            except ValueError:
                continue
        raise self._refusal(text, self.default)

    def nearest(self, number: float) -> int | float:
        """The allowed value closest to any finite number; between two, the larger."""
        number = min(max(number, self.low), self.high)
        return self.low + math.floor((number - self.low) / self.step + 0.5) * self.step if self.whole else number

    def _refusal(self, value: object, remedy: int | float) -> InputError:
        return InputError(
            "bad_value",
            "{name} = {value!r}: expected {expected}. Try {remedy:g}.",
            name=self.name,
            value=value,
            expected=self.expected,
            remedy=remedy,
        )


@dataclass(frozen=True)
class Choice:
    """A word out of a few."""

    name: str
    default: str
    options: tuple[str, ...]

    @property
    def expected(self) -> str:
        return "one of " + ", ".join(self.options)

    def check(self, value: object) -> str:
        """Return the value.

        Raises:
            ValueError: It is none of the options.
        """
        if not isinstance(value, str) or value not in self.options:
            raise InputError(
                "bad_value",
                "{name} = {value!r}: expected {expected}. Try {remedy}.",
                name=self.name,
                value=value,
                expected=self.expected,
                remedy=self.default,
            )
        return value

    def parse(self, text: str) -> str:
        return self.check(text)


Parameter = Param | Choice


def complete(owner: str, params: Iterable[Parameter], values: Mapping[str, object]) -> dict[str, Value]:
    """Check the given values and fill in the defaults of the others.

    Raises:
        ValueError: `values` is no mapping, a value is refused, or a name is not one of `owner`'s parameters.
    """
    params = tuple(params)
    if not isinstance(values, Mapping):
        raise InputError(
            "not_values", "{owner} values {given!r}: expected values by name, such as {{\"size\": 3}}. Use {{}} for the defaults.",
            owner=owner, given=values,
        )
    unknown = [name for name in values if name not in {param.name for param in params}]
    if unknown:
        known = ", ".join(param.name for param in params) or "no parameters"
        raise InputError(
            "unknown_parameter",
            "{owner} has no parameter {unknown!r}: expected {known}. Leave it out or correct its name.",
            owner=owner,
            unknown=unknown[0],
            known=known,
        )
    return {param.name: param.check(values.get(param.name, param.default)) for param in params}
