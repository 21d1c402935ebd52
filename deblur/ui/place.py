"""Where in the lessons and games a visitor is: read from a link, written in front of the page's state."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from deblur.lessons.course import LESSONS
from deblur.lessons.games import RIVALS

COURSE, MYSTERY, MATCH, TEACHER = VIEWS = ("course", "mystery", "match", "teacher")
MAX_SEED = 999_999
FIRST_RIVAL = next(iter(RIVALS))


@dataclass(frozen=True)
class Place:
    """A view of the Lessons tab, or a step of a lesson, which is shown on the Play tab.

    Attributes:
        view: One of `VIEWS`, or empty: nowhere in particular.
        lesson: Counted from 1.
        step: Counted from 1; 0 for the lesson itself.
        seed: Of a game.
        rival: Of a match, a key of `RIVALS`.
    """

    view: str = ""
    lesson: int = 1
    step: int = 0
    seed: int = 0
    rival: str = FIRST_RIVAL

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> tuple["Place", dict[str, str]]:
        """Read a link: "lesson=2&step=3", "lesson=teacher", "game=mystery&seed=7", "game=match&seed=7&rival=universal".

        Returns:
            The place, and what the link says beside it: the page's state, and whatever nobody understands.
        """
        rest = dict(query)
        lesson, game = query.get("lesson", ""), query.get("game", "")
        if lesson == TEACHER:
            del rest["lesson"]
            return cls(TEACHER), rest
        if number := _number(lesson, 1, len(LESSONS)):
            del rest["lesson"]
            step = _number(query.get("step", ""), 1, len(LESSONS[number - 1].steps)) or 0
            if step:
                del rest["step"]
            return cls(COURSE, number, step), rest
        if game in (MYSTERY, MATCH):
            del rest["game"]
            seed = _number(query.get("seed", ""), 0, MAX_SEED)
            if seed is not None:
                del rest["seed"]
            rival = query.get("rival", "")
            if game == MATCH and rival in RIVALS:
                del rest["rival"]
            return cls(game, seed=seed or 0, rival=rival if rival in RIVALS else FIRST_RIVAL), rest
        return cls(), rest

    def query(self) -> str:
        """The inverse of `from_query`."""
        if self.view == TEACHER:
            return urlencode({"lesson": TEACHER})
        if self.view == COURSE:
            return urlencode({"lesson": self.lesson} | ({"step": self.step} if self.step else {}))
        if not self.view:
            return ""
        return urlencode({"game": self.view, "seed": self.seed} | ({"rival": self.rival} if self.view == MATCH else {}))

    def step_query(self) -> dict[str, str]:
        """The state that the step sets; empty where there is none."""
        return dict(parse_qsl(LESSONS[self.lesson - 1].steps[self.step - 1].query)) if self.step else {}


def _number(text: str, low: int, high: int) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 6 and low <= int(text) <= high else None
