"""What happens to a sharp picture: blur, then noise, then storage."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from deblur import blur as blurs
from deblur.blur import BLURS, Blur
from deblur.image import WHITE, Picture, as_picture, clip, from_bytes, jpeg, to_bytes
from deblur.kernels import Psf
from deblur.params import Choice, Param, Value, complete
from deblur.reasons import InputError

NOISE = Param("noise", 0.0, 0.0, 0.2, 0.005)
SALT_PEPPER = Param("salt_pepper", 0.0, 0.0, 0.5, 0.01)
STORAGE = Choice("storage", "8-bit", ("float", "8-bit", "jpeg"))
QUALITY = Param("quality", 90, 10, 100, 1)
LEVEL = 1 / WHITE
FLOAT_ROUNDING = 1e-14  # of float32 near 1
MIRRORED, UNKNOWN = BORDERS = ("mirrored", "unknown")
HIDING_NOISE = 0.005  # from here on a wrong "unknown" costs little and a wrong "mirrored" much: python -m benchmarks.border
AFTER_BLUR = (NOISE, SALT_PEPPER, STORAGE, QUALITY)


@dataclass(frozen=True)
class Degradation:
    """A blur with its values, Gaussian noise, salt and pepper, and storage, in this order.

    Attributes:
        blur: A key of `BLURS`, or "psf" for a PSF of the caller's.
        values: The blur's parameters, read-only; what is missing takes its default.
        noise: Standard deviation of the Gaussian noise, 0 to 0.2 on the range [0, 1].
        salt_pepper: Share of the pixels that turn black or white, 0 to 0.5.
        storage: "float", "8-bit" or "jpeg".
        quality: JPEG quality, 10 to 100; counts for "jpeg" only.
        border: "mirrored", as `apply` continues the picture, or "unknown", as in a photograph that was blurred in a camera. Restorers
            look at it; `apply` does not.
        filter: The blur itself.
        custom: The caller's PSF, see `from_psf`.

    Raises:
        ValueError: The blur is unknown or a value is refused.
    """

    blur: str = "gaussian"
    values: Mapping[str, Any] = field(default_factory=dict)
    noise: float = 0.0
    salt_pepper: float = 0.0
    storage: str = "8-bit"
    quality: int = QUALITY.default  # type: ignore[assignment]
    filter: Blur = field(init=False, repr=False)
    border: str = field(default=MIRRORED, kw_only=True)
    custom: Psf | None = field(default=None, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        if self.custom is not None and self.blur != "psf":
            raise InputError(
                "psf_and_blur", "blur {blur!r} with a PSF: expected one of them. Leave one out, or use Degradation.from_psf.", blur=self.blur
            )
        if self.custom is None and (not isinstance(self.blur, str) or self.blur not in BLURS):
            raise InputError(
                "unknown_blur", "blur {blur!r}: expected one of {known}. For a PSF of your own use Degradation.from_psf.",
                blur=self.blur, known=", ".join(BLURS),
            )
        if self.border not in BORDERS:
            raise InputError("unknown_border", "border {border!r}: expected one of {known}.", border=self.border, known=", ".join(BORDERS))
        chosen = BLURS[self.blur] if self.custom is None else blurs.from_psf(self.custom)
        after = complete("degradation", AFTER_BLUR, {param.name: getattr(self, param.name) for param in AFTER_BLUR})
        values = complete(chosen.name, chosen.params, self.values)
        custom = None if self.custom is None else chosen.psf_at()
        for name, value in {**after, "values": MappingProxyType(values), "filter": chosen, "custom": custom}.items():
            object.__setattr__(self, name, value)

    def _parts(self) -> tuple[Any, ...]:
        return self.blur, dict(self.values), *(getattr(self, param.name) for param in AFTER_BLUR)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Degradation) and self._parts() == other._parts() and self.border == other.border and np.array_equal(self.custom, other.custom)  # type: ignore[arg-type]

    def __hash__(self) -> int:
        return hash((self.blur, *self.values.items(), *self._parts()[2:], None if self.custom is None else self.custom.tobytes()))

    def __reduce__(self) -> tuple[Any, ...]:
        """How a copy is made, in another process too: from what was given, since filters do not travel."""
        return partial(Degradation, custom=self.custom, border=self.border), self._parts()

    @classmethod
    def from_psf(cls, psf: Psf, noise: float = 0.0, storage: str = "8-bit", **more: Any) -> "Degradation":
        """Blur by convolution with any PSF, asymmetric too; it is brought to odd sides and sum 1.

        A PSF of one's own mostly comes with a photograph of one's own: if `border` is left out, it is "unknown" where the noise is at least
        0.005, which then costs 0.3 dB at most if it was mirrored, and "mirrored" where there is less.

        Raises:
            ValueError: The PSF holds NaN or a negative value, sums to zero, or a value is refused.
        """
        more.setdefault("border", UNKNOWN if isinstance(noise, int | float) and noise >= HIDING_NOISE else MIRRORED)
        return cls("psf", {}, noise, storage=storage, custom=psf, **more)

    @property
    def psf(self) -> Psf | None:
        """The response to a point, (h, w) with sum 1; None where the blur is no convolution (median, bilateral).

        Where the filter's 8-bit code made and stored the picture, as `apply` does with a sharp picture of 8 bits and no noise, these are the weights
        of that code: OpenCV's Gaussian of bytes weighs by whole 256ths.
        """
        return (self._of_bytes or self.filter.psf_at)(**self.values)

    @property
    def in_bytes(self) -> bool:
        """Whether the filter runs on 8 bits: nothing comes between it and what is stored."""
        return self.storage == "8-bit" and not self.noise and not self.salt_pepper

    @property
    def _of_bytes(self) -> Callable[..., Psf] | None:
        return self.filter.psf_of_bytes if self.in_bytes and self.border == MIRRORED else None

    @property
    def blurs(self) -> bool:
        """Whether the filter spreads light at all; a PSF of a single pixel does not."""
        return self.psf is None or bool(np.count_nonzero(self.psf) > 1)

    def blurs_together(self, channels: int) -> bool:
        """Whether the blur of one of these channels depends on the others: the bilateral's does, which weighs by the distance of whole colours."""
        return channels == 3 and self.filter.joins_colours and self.psf is None

    @property
    def noise_variance(self) -> float:
        """Variance of noise and rounding together on the range [0, 1], for restorers that need one number; JPEG's is a rule of thumb."""
        rounding = {"float": FLOAT_ROUNDING, "8-bit": LEVEL**2 / 12, "jpeg": LEVEL**2 * (1 / 12 + ((100 - self.quality) / 12) ** 2)}[self.storage]
        return self.noise**2 + rounding + self.salt_pepper / 4

    def apply(self, sharp: Picture, seed: int | np.random.Generator = 0) -> Picture:
        """Blur, add noise and store.

        Args:
            sharp: (H, W) or (H, W, 3), float32 in [0, 1]; never changed.
            seed: The same seed gives the same picture.

        Raises:
            ValueError: The picture or the seed is refused, or the picture is too small for the filter.
        """
        rng = _generator(seed)
        if self.in_bytes:
            return self.filter.stored(sharp, **self.values)
        return self.spoil(self.filter(sharp, **self.values), rng)

    def spoil(self, blurred: Picture, seed: int | np.random.Generator = 0) -> Picture:
        """Add noise to a blurred picture and store it; the result is never the array that was given.

        Raises:
            ValueError: The picture or the seed is refused.
        """
        rng = _generator(seed)
        spoilt = as_picture(blurred)
        if self.noise:
            spoilt = clip(spoilt + rng.normal(0.0, self.noise, spoilt.shape))
        if self.salt_pepper:
            spoilt = add_salt_pepper(spoilt, self.salt_pepper, rng)
        if self.storage == "jpeg":
            return jpeg(spoilt, self.quality)
        if self.storage == "8-bit":
            return from_bytes(to_bytes(spoilt))
        return spoilt if self.noise or self.salt_pepper else spoilt.copy()

    def reblur(self, picture: Picture) -> Picture:
        """Blur alone, in floating point and by `psf`: what a restored picture is held against where no sharp one is known."""
        by_bytes = self._of_bytes
        return blurs.from_psf(by_bytes(**self.values))(picture) if by_bytes else self.filter(picture, **self.values)

    def with_(self, **changes: Any) -> "Degradation":
        """The same degradation but for the named fields."""
        return replace(self, **changes)


def _generator(seed: int | np.random.Generator) -> np.random.Generator:
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError):
        raise InputError(
            "bad_seed", "seed {seed!r}: expected a whole number of at least 0. Try 0.", seed=seed
        ) from None


def add_salt_pepper(picture: Picture, share: float, rng: np.random.Generator) -> Picture:
    """Turn a share of the pixels black or white, half each; all channels of a pixel together."""
    chance = rng.random(picture.shape[:2])
    noisy = picture.copy()
    noisy[chance < share / 2] = 0.0
    noisy[chance > 1 - share / 2] = 1.0
    return noisy


def draw(
    rng: np.random.Generator,
    names: Sequence[str] = tuple(BLURS),
    max_reach: int = 31,
    max_noise: float = 0.1,
    storages: Sequence[str] = ("8-bit", "float", "jpeg"),
) -> Degradation:
    """Draw a degradation: a blur, each of its values from the slider's own steps, noise and storage; never salt and pepper.

    Args:
        rng: The generator everything is drawn from.
        names: The blurs to choose from, each equally often.
        max_reach: No filter that reaches further than this many pixels; values that do are drawn anew.
        max_noise: Largest noise; a third of the draws have none, the others favour little (its square root is uniform).
        storages: The kinds of storage to choose from, each equally often; the JPEG quality is 40 to 100.
    """
    name = names[int(rng.integers(len(names)))]
    blur = BLURS[name]
    while True:
        values = {param.name: draw_value(rng, param) for param in blur.params}
        if blur.reach(**values) <= max_reach:
            break
    noise = 0.0 if rng.random() < 1 / 3 else max_noise * float(rng.random()) ** 2
    return Degradation(name, values, noise, storage=storages[int(rng.integers(len(storages)))], quality=int(rng.integers(40, 101)))


def draw_value(rng: np.random.Generator, param: Param | Choice) -> Value:
    """Draw one value of a parameter, each of its steps or options equally often."""
    if isinstance(param, Choice):
        return param.options[rng.integers(len(param.options))]
    steps = round((param.high - param.low) / param.step)
    number = param.low + int(rng.integers(steps + 1)) * param.step
    return number if param.whole else round(float(number), 9)
