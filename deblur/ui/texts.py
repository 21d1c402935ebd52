"""Every text a visitor reads, in the visitor's language, and how numbers are written."""

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from deblur.reasons import Reason

LANGUAGES = ("en", "es")
FOLDER = Path(__file__).parent / "locales"


@dataclass(frozen=True)
class Texts:
    """Looks texts up by key: `texts("play.title")`."""

    language: str
    entries: dict[str, str]

    def __call__(self, key: str, **fields: object) -> str:
        return self.entries[key].format(**fields)

    def get(self, key: str) -> str | None:
        """The text, or None where there is none."""
        return self.entries.get(key)

    def all(self, key: str) -> list[str]:
        """The texts under a key, in order."""
        return [text for name, text in self.entries.items() if name.startswith(f"{key}.")]

    def reason(self, reason: Reason) -> str:
        """A core sentence in the visitor's language; its English wording where the locale has no own."""
        text = self.entries.get(f"reason.{reason.code}")
        named = {field: self._name(field, value) for field, value in reason.fields.items()}
        return text.format(**named) if text else str(reason)

    def _name(self, field: str, value: object) -> object:
        """What a filter or network is called on the page, if the field names one."""
        return self.entries.get(f"{field}.{value}.label") or self.entries.get(f"{field}.{value}") or value


@lru_cache
def load_texts(language: str) -> Texts:
    """Read a locale file; its nested keys are joined by dots."""
    return Texts(language, dict(_flatten(json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8")))))


def _flatten(entries: dict[str, object], before: str = "") -> list[tuple[str, str]]:
    flat: list[tuple[str, str]] = []
    for key, value in entries.items():
        flat += _flatten(value, f"{before}{key}.") if isinstance(value, dict) else [(before + key, str(value))]
    return flat


def digits(number: float, count: int = 3) -> str:
    """Write a number with at most `count` significant digits and no exponent: 0.0588, 20.4, 137."""
    if math.isinf(number):
        return "∞" if number > 0 else "−∞"
    if number == 0:
        return "0"
    places = max(0, count - 1 - math.floor(math.log10(abs(number))))
    text = f"{number:.{min(places, 6)}f}"
    return (text.rstrip("0").rstrip(".") if places > count else text).replace("-", "−")


def signed(number: float, count: int = 3) -> str:
    """The same with its sign, + included."""
    return ("+" if number > 0 else "") + digits(number, count)
