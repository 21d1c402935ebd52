"""What the page shows, as one value: made from the controls or from a link, and written back into the link."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from deblur.blur import BLURS
from deblur.data import COUNTS, SIDE
from deblur.degrade import AFTER_BLUR, UNKNOWN, Degradation
from deblur.lessons.trainer import OWN, Trained
from deblur.params import Choice, Parameter, Value
from deblur.restore import RESTORERS, Restorer

GARMENT, YOURS, BLIND = SOURCES = ("garment", "yours", "blind")  # blind: a picture that is blurred already, nobody knows how
HIDEABLE = ("nothing", "sharp", "restored")  # what a link can keep back until somebody asks for it
FIRST_GARMENT = 1  # a pullover that reads “Lee”: everyone sees when the letters are lost
ELSEWHERE = ("shake", "tab")  # names in a link that others follow
HOSTS = "__"  # begins names that Gradio and the Space put there, such as __theme
BEST_RESTORER, NEEDS_NO_NETWORK = "universal", "wiener"


def default_restorer() -> str:
    """The restorer that the page opens with: the universal network where its weights are there."""
    return BEST_RESTORER if RESTORERS[BEST_RESTORER].accepts(Degradation(), (SIDE, SIDE)) is None else NEEDS_NO_NETWORK


def restorers(trained: Trained | None) -> Mapping[str, Restorer]:
    """The page's restorers, and a visitor's own network where there is one."""
    return RESTORERS if trained is None else {**RESTORERS, OWN: trained.restorer}


def allowed(param: Parameter, value: object) -> Value:
    """The value if the parameter allows it, else the closest one that it does: on the page nothing raises."""
    if isinstance(param, Choice):
        return value if isinstance(value, str) and value in param.options else param.default
    try:
        number = float(value)  # type: ignore[arg-type]
        return param.check(param.nearest(number)) if abs(number) < 1e9 else param.default
    except (TypeError, ValueError, OverflowError):
        return param.default


@dataclass(frozen=True)
class State:
    """One state of the Play tab. Every field is valid by construction through `from_fields`."""

    garment: int = FIRST_GARMENT
    source: str = GARMENT
    blur: str = "gaussian"
    values: Mapping[str, Value] = field(default_factory=dict)
    after: Mapping[str, Value] = field(default_factory=dict)
    restorer: str = NEEDS_NO_NETWORK
    own: Mapping[str, Value] = field(default_factory=dict)
    hide: str = HIDEABLE[0]
    trained: Trained | None = None  # the visitor's own network, of this session alone

    @property
    def restorers(self) -> Mapping[str, Restorer]:
        """The restorers that this visitor can choose from: all of the page, and the own network if one was trained."""
        return restorers(self.trained)

    @property
    def tool(self) -> Restorer:
        """The chosen restorer itself."""
        return self.restorers[self.restorer]

    @property
    def degradation(self) -> Degradation:
        """What the controls say happens to the picture."""
        return Degradation(self.blur, self.values, **self.after)  # type: ignore[arg-type]

    @property
    def suffered(self) -> Degradation:
        """The same of a picture that came blurred: nobody mirrored its border."""
        return self.degradation.with_(border=UNKNOWN)

    @property
    def spoilt(self) -> bool:
        """Whether something besides the filter changes the picture, other than rounding to 8 bits."""
        return bool(self.after["noise"] or self.after["salt_pepper"] or self.after["storage"] != "8-bit")

    def ignored(self, query: Mapping[str, str]) -> tuple[str, ...]:
        """The names in a link that this state does not follow, because they are unknown or their values are not allowed."""
        own = {_short(key): str(value) for key, value in self.fields().items() if key != "source"}
        asked = {name: value for name, value in query.items() if name not in ELSEWHERE and not name.startswith(HOSTS)}
        return tuple(name for name, value in asked.items() if name not in own or not _same(value, own[name]))

    @classmethod
    def from_fields(cls, get: Callable[[str], object]) -> "State":
        """Read a state.

        Args:
            get: Gives the raw value of a field by its key, or None. Keys: "garment", "source", "blur", "blur.<name>.<parameter>",
                "<parameter>" of noise and storage, "restorer", "restorer.<name>.<parameter>", "hide", "trained".
        """
        trained = get("trained")
        trained = trained if isinstance(trained, Trained) else None  # a link cannot bring one
        choices = restorers(trained)
        blur, restorer, index = get("blur"), get("restorer"), get("garment")
        blur = blur if isinstance(blur, str) and blur in BLURS else "gaussian"
        restorer = restorer if isinstance(restorer, str) and restorer in choices else default_restorer()
        number = str(index)
        garment = (
            int(number) if number.isascii() and number.isdecimal() and len(number) <= 5 and int(number) < COUNTS["test"] else FIRST_GARMENT
        )
        return cls(
            garment,
            str(get("source")) if get("source") in SOURCES else GARMENT,
            blur,
            {param.name: allowed(param, get(f"blur.{blur}.{param.name}")) for param in BLURS[blur].params},
            {param.name: allowed(param, get(param.name)) for param in AFTER_BLUR},
            restorer,
            {param.name: allowed(param, get(f"restorer.{restorer}.{param.name}")) for param in choices[restorer].params},
            str(get("hide")) if get("hide") in HIDEABLE else HIDEABLE[0],
            trained,
        )

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "State":
        """Read a link; what is missing or wrong takes its default."""
        return cls.from_fields(lambda key: query.get(_short(key)))

    def with_degradation(self, degradation: Degradation) -> "State":
        """The same state with the controls set to this degradation."""
        known = {name: allowed(param, getattr(degradation, name)) for name, param in ((param.name, param) for param in AFTER_BLUR)}
        return replace(self, blur=degradation.blur, values=dict(degradation.values), after=known)

    def fields(self) -> dict[str, Value]:
        """The inverse of `from_fields`: only what counts in this state."""
        return {
            "garment": self.garment,
            "source": self.source,
            "blur": self.blur,
            **{f"blur.{self.blur}.{name}": value for name, value in self.values.items()},
            **{name: value for name, value in self.after.items() if name != "quality" or self.after["storage"] == "jpeg"},
            "restorer": self.restorer,
            **{f"restorer.{self.restorer}.{name}": value for name, value in self.own.items()},
            "hide": self.hide,
        }

    def query(self) -> str:
        """The link's query string."""
        kept = {"source", "hide"} if self.hide == HIDEABLE[0] else {"source"}
        return urlencode({_short(key): value for key, value in self.fields().items() if key not in kept})


def _same(asked: str, used: str) -> bool:
    try:
        return float(asked) == float(used)
    except ValueError:
        return asked == used


def _short(key: str) -> str:
    """blur.gaussian.size -> blur_size: the filter's name stands in the link already."""
    parts = key.split(".")
    return parts[0] if len(parts) == 1 else f"{parts[0]}_{parts[-1]}"
