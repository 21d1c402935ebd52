"""The code for exactly this: programs that make the blurred and the restored picture of a state again, in five dialects.

Each reads `sharp.png` (8 bits a channel) and writes `blurred.png`; those that know the restorers write `restored.png` too.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deblur import kernels
from deblur.degrade import AFTER_BLUR, MIRRORED, Degradation
from deblur.params import complete
from deblur.restore import RESTORERS

BORDER = "borderType=cv2.BORDER_REFLECT_101"


@dataclass(frozen=True)
class Code:
    """Source texts for one state.

    Attributes:
        opencv: Python with OpenCV's own filters; blurs only.
        numpy: Python with loops that show the arithmetic; blurs only.
        deblur: Python with this project.
        command: Lines for a shell; None for a PSF of the caller's.
        client: Python for a running page; None for a PSF of the caller's.
        rounded_between: The last two hand the blurred picture on as an 8-bit file although the state keeps floats, so they restore less.
    """

    opencv: str
    numpy: str
    deblur: str
    command: str | None
    client: str | None
    rounded_between: bool


def code(
    degradation: Degradation,
    restorer: str = "wiener",
    settings: Mapping[str, object] | None = None,
    seed: int = 0,
    colour: bool = False,
    url: str = "http://127.0.0.1:7860",
) -> Code:
    """Write the programs for a state.

    The loops in NumPy store the same levels but where single precision decides between two (see `pixel.Explanation.between`).

    Args:
        degradation: What happens to the sharp picture.
        restorer: A key of `RESTORERS`, with its `settings`.
        settings: The restorer's parameters; the others keep their default.
        seed: Of the noise.
        colour: Whether `sharp.png` has three channels.
        url: Where the page runs.

    Raises:
        ValueError: A setting is refused.
    """
    checked = complete(restorer, RESTORERS[restorer].params, settings or {})
    named = degradation.custom is None
    return Code(
        _opencv(degradation, seed, colour),
        _numpy(degradation, seed, colour),
        _deblur(degradation, restorer, checked, seed),
        _command(degradation, restorer, checked, seed) if named else None,
        _client(degradation, restorer, checked, seed, url) if named else None,
        degradation.storage == "float",
    )


def _opencv(degradation: Degradation, seed: int, colour: bool) -> str:
    values, plain = dict(degradation.values), degradation.in_bytes
    lines = ["import cv2", "import numpy as np", ""]
    lines += [f'sharp = cv2.imread("sharp.png", cv2.{"IMREAD_COLOR_RGB" if colour else "IMREAD_GRAYSCALE"})']
    in_levels = plain and values.get("scale") != "0-1"
    if degradation.blur == "median":
        lines += [f"blurred = cv2.medianBlur(sharp, {values['size']})"]
        lines += [] if plain else ["blurred = blurred / np.float32(255)"]
    elif degradation.blur == "bilateral":
        lines += ["cv2.ipp.setUseIPP(False)  # Intel's version of small filters cuts off where OpenCV rounds"] if in_levels else []
        full = "" if values["scale"] == "0-1" or in_levels else " * np.float32(255)"
        picture = "sharp" if in_levels else f"sharp / np.float32(255){full}"
        call = f"cv2.bilateralFilter({picture}, {values['diameter']}, {values['sigma_color']}, {values['sigma_space']}, {BORDER})"
        lines += [f"blurred = {call}{' / np.float32(255)' if full else ''}"]
    else:
        picture = "sharp" if in_levels else "sharp / np.float32(255)"
        match degradation.blur:
            case "gaussian":
                call = f"cv2.GaussianBlur({picture}, ({values['size']}, {values['size']}), {values['sigma']}, {BORDER})"
            case "average":
                call = f"cv2.blur({picture}, ({values['size']}, {values['size']}), {BORDER})"
            case _:
                lines += _psf(degradation)
                call = f"cv2.filter2D({picture}, -1, cv2.flip(psf, -1), {BORDER})  # filter2D correlates, so the PSF is turned"
        lines += [f"blurred = {call}"]
    return _text(lines + _after(degradation, seed, colour, in_levels) + [f'cv2.imwrite("blurred.png", blurred{"[:, :, ::-1]" if colour else ""})'])


def _numpy(degradation: Degradation, seed: int, colour: bool) -> str:
    values, plain, name = dict(degradation.values), degradation.in_bytes, degradation.blur
    store = "np.rint({})" if plain else "{}"
    sides: tuple[int, ...]
    if name == "gaussian":
        sides = (values["size"],) * 2
        profile = kernels.gaussian_in_256ths(**values).tolist() if plain else kernels.gaussian(**values).sum(axis=0).tolist()
        setup = [f"profile = {profile}{'  # in 256ths' if plain else ''}", "weights = np.outer(profile, profile)"]
        inner = ["blurred[row, column] = " + ("(np.tensordot(weights, window, 2) + 2**15) // 2**16" if plain else "np.tensordot(weights, window, 2)")]
    elif name == "average":
        sides, setup = (values["size"],) * 2, []
        inner = ["blurred[row, column] = " + store.format(f"window.sum(axis=(0, 1)) / {values['size'] ** 2}")]
    elif name == "median":
        sides, setup, inner = (values["size"],) * 2, [], ["blurred[row, column] = np.median(window, axis=(0, 1))"]
    elif name == "bilateral":
        sides, reach = (values["diameter"],) * 2, values["diameter"] // 2
        setup = [
            f"squares = np.add.outer(*2 * [np.arange({-reach}, {reach + 1}) ** 2])",
            f"by_distance = np.where(squares <= {reach**2}, np.exp(-squares / (2 * {values['sigma_space']}**2)), 0)",
        ]
        inner = [
            f"change = np.abs(window - sharp[row, column]){'.sum(axis=2)' if colour else ''}{' / 255' if values['scale'] == '0-1' else ''}",
            f"weights = by_distance * np.exp(-(change**2) / (2 * {values['sigma_color']}**2))",
            "blurred[row, column] = " + store.format("np.tensordot(weights, window, 2) / weights.sum()"),
        ]
    else:
        assert degradation.psf is not None, "a linear filter"
        sides, setup = degradation.psf.shape, [*_psf(degradation), "weights = psf[::-1, ::-1]"]
        inner = ["blurred[row, column] = " + store.format("np.tensordot(weights, window, 2)")]
    down, across = (side // 2 for side in sides)
    margins = f"[({down}, {down}), ({across}, {across}){', (0, 0)' if colour else ''}]"
    lines = ["import numpy as np", "from PIL import Image", ""]
    lines += ["import cv2  # for JPEG", ""] if degradation.storage == "jpeg" else []
    lines += [
        'sharp = np.asarray(Image.open("sharp.png")).astype(np.int64)',
        f'wide = np.pad(sharp, {margins}, mode="{"edge" if name == "median" else "reflect"}")',
        *setup,
        "blurred = np.zeros(sharp.shape)",
        "for row in range(sharp.shape[0]):",
        "    for column in range(sharp.shape[1]):",
        f"        window = wide[row : row + {sides[0]}, column : column + {sides[1]}]",
        *(f"        {line}" for line in inner),
        "blurred = blurred.astype(np.uint8)" if plain else "blurred = (blurred / 255).astype(np.float32)",
        *_after(degradation, seed, colour, in_levels=plain),
    ]
    return _text([*lines, 'Image.fromarray(blurred).save("blurred.png")'])


def _psf(degradation: Degradation) -> list[str]:
    """Lines that draw the PSF, or that list its values where nothing shorter says them."""
    psf, values, fine = degradation.psf, dict(degradation.values), kernels.SUBPIXELS
    assert psf is not None, "a linear filter"
    if degradation.blur == "motion":
        inside = [
            f"angle = np.deg2rad({values['angle']})",
            "along, across = columns * np.cos(angle) - rows * np.sin(angle), columns * np.sin(angle) + rows * np.cos(angle)",
            f"inside = (np.abs(along) <= {values['length']} / 2) & (np.abs(across) <= 0.5)",
        ]
    elif degradation.blur == "defocus":
        inside = [f"inside = rows**2 + columns**2 <= {values['radius']}**2"]
    else:
        return [f"psf = np.array({psf.tolist()})"]
    side = psf.shape[0]
    return [
        f"places = (np.arange({side} * {fine}) + 0.5) / {fine} - {side} / 2  # {fine} a pixel",
        "rows, columns = places[:, None], places[None, :]",
        *inside,
        f"psf = inside.reshape({side}, {fine}, {side}, {fine}).mean(axis=(1, 3))",
        "psf /= psf.sum()",
    ]


def _after(degradation: Degradation, seed: int, colour: bool, in_levels: bool) -> list[str]:
    """Noise and storage."""
    turned = "[:, :, ::-1]" if colour else ""
    lines = [f"rng = np.random.default_rng({seed})"] if degradation.noise or degradation.salt_pepper else []
    if degradation.noise:
        lines += [f"blurred = np.clip(blurred + rng.normal(0, {degradation.noise}, blurred.shape), 0, 1).astype(np.float32)"]
    if degradation.salt_pepper:
        half = f"{degradation.salt_pepper} / 2"
        lines += ["chance = rng.random(blurred.shape[:2])", f"blurred[chance < {half}] = 0", f"blurred[chance > 1 - {half}] = 1"]
    if not in_levels:
        lines += ["blurred = np.rint(np.clip(blurred, 0, 1) * 255).astype(np.uint8)"]
    if degradation.storage == "jpeg":
        lines += [
            f'stored = cv2.imencode(".jpg", blurred{turned}, [cv2.IMWRITE_JPEG_QUALITY, {degradation.quality}])[1]',
            f"blurred = cv2.imdecode(stored, cv2.IMREAD_UNCHANGED){turned}",
        ]
    return lines


def _deblur(degradation: Degradation, restorer: str, settings: dict[str, Any], seed: int) -> str:
    border = _border(degradation) if degradation.custom is None else {"border": degradation.border}  # for a PSF the default depends on the noise
    after = _arguments({**_not_default(degradation), **border})
    if degradation.custom is None:
        made = f"Degradation({', '.join([repr(degradation.blur), repr(dict(degradation.values)), *after])})"
        lines = []
    else:
        made, lines = f"Degradation.from_psf({', '.join(['psf', *after])})", ["import numpy as np", ""]
    lines += ["from deblur.degrade import Degradation", "from deblur.image import read_image, write_image", "from deblur.restore import RESTORERS", ""]
    lines += [] if degradation.custom is None else _psf(degradation)
    given = "".join(f", {name}={value!r}" for name, value in settings.items())
    return _text([
        *lines,
        f"degradation = {made}",
        f'blurred = degradation.apply(read_image("sharp.png"), seed={seed})',
        f'restored = RESTORERS["{restorer}"].restore(blurred, degradation{given})',
        'write_image("blurred.png", blurred)',
        'write_image("restored.png", restored)',
    ])  # fmt: skip


def _command(degradation: Degradation, restorer: str, settings: dict[str, Any], seed: int) -> str:
    after = _flags(_not_default(degradation))
    sets = [word for name, value in degradation.values.items() for word in ("--set", f"{name}={value}")]
    blur = ["python", "-m", "deblur", "blur", degradation.blur, "sharp.png", "blurred.png", *_flags(dict(degradation.values)), *after]
    restore = ["python", "-m", "deblur", "restore", restorer, "blurred.png", "restored.png", *_flags(settings)]
    seeded = ["--seed", str(seed)] if degradation.noise or degradation.salt_pepper else []
    return _text([shlex.join([*blur, *seeded]), shlex.join([*restore, "--blur", degradation.blur, *sets, *after, *_flags(_border(degradation))])])


def _not_default(degradation: Degradation) -> dict[str, Any]:
    """What happens after the blur, as far as it has to be said."""
    return {param.name: getattr(degradation, param.name) for param in AFTER_BLUR if getattr(degradation, param.name) != param.default}


def _border(degradation: Degradation) -> dict[str, Any]:
    """What lay around the picture, as far as it has to be said for one of the filters."""
    return {} if degradation.border == MIRRORED else {"border": degradation.border}


def _arguments(values: Mapping[str, Any]) -> list[str]:
    return [f"{name}={value!r}" for name, value in values.items()]


def _flags(values: Mapping[str, Any]) -> list[str]:
    return [f"--{name.replace('_', '-')}={value}" for name, value in values.items()]


def _client(degradation: Degradation, restorer: str, settings: dict[str, Any], seed: int, url: str) -> str:
    known = _arguments({"filter": degradation.blur, "values": dict(degradation.values), **_not_default(degradation)})
    seeded = [f"seed={seed}"] if degradation.noise or degradation.salt_pepper else []
    undo = _arguments({"restorer": restorer, "settings": settings, **_border(degradation)})
    return _text([
        "import shutil",
        "",
        "from gradio_client import Client, handle_file",
        "",
        f'client = Client("{url}")',
        f'blurred = client.predict(handle_file("sharp.png"), {", ".join([*known, *seeded])}, api_name="/blur")',
        f'restored = client.predict(handle_file(blurred), {", ".join([*undo, *known])}, api_name="/restore")',
        'shutil.copy(blurred, "blurred.png")',
        'shutil.copy(restored, "restored.png")',
    ])  # fmt: skip


def _text(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
