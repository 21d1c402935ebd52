"""Every program is run and its pixels are compared with what the project computes."""

import inspect
import shlex
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from deblur.__main__ import main
from deblur.blur import BLURS
from deblur.degrade import BORDERS, Degradation
from deblur.image import read_image, to_bytes, write_image
from deblur.lessons.code import code
from deblur.lessons.pixel import explain_all
from deblur.restore import RESTORERS
from tests.conftest import photograph

SHAPES = {"grey": (19, 23), "colour": (17, 20, 3)}
AFTERS = {
    "stored": {},
    "noisy": {"noise": 0.03, "salt_pepper": 0.1},
    "jpeg": {"storage": "jpeg", "quality": 70},
    "float": {"storage": "float"},
}
VALUES = {
    "gaussian": {"size": 5, "sigma": 1.3},
    "average": {"size": 5},
    "median": {"size": 7},
    "bilateral": {"diameter": 5, "sigma_color": 40.0},
    "motion": {"length": 7, "angle": 30},
    "defocus": {"radius": 2.5},
}


@pytest.fixture(params=SHAPES.values(), ids=SHAPES)
def sharp(request, tmp_path, monkeypatch) -> np.ndarray:
    picture = photograph(request.param, seed=4)
    monkeypatch.chdir(tmp_path)
    write_image("sharp.png", picture)
    return picture


def run(program: str) -> None:
    exec(compile(program, "program", "exec"), {"__name__": "program"})


def same(name: str, picture: np.ndarray) -> np.ndarray:
    return to_bytes(read_image(name)) == to_bytes(picture)


@pytest.mark.parametrize("after", AFTERS.values(), ids=AFTERS)
@pytest.mark.parametrize("name", BLURS)
def test_programs_blur_alike(name, after, sharp):
    degradation = Degradation(name, VALUES[name], **after)
    blurred = degradation.apply(sharp, seed=7)
    texts = code(degradation, "unsharp", seed=7, colour=sharp.ndim == 3)
    run(texts.opencv)
    assert same("blurred.png", blurred).all()
    run(texts.numpy)
    agrees = same("blurred.png", blurred)
    if after == {}:
        decided = np.array([entry.between for entry in explain_all(sharp, degradation)]).reshape(sharp.shape)
        assert (agrees | decided).all()
    elif "storage" not in after or after["storage"] == "float":
        assert agrees.mean() > 0.98  # float64 here, float32 there: halves may fall differently
    else:
        assert np.abs(to_bytes(read_image("blurred.png")).astype(int) - to_bytes(blurred)).mean() < 0.05
    run(texts.deblur)
    assert same("blurred.png", blurred).all()
    assert same("restored.png", RESTORERS["unsharp"].restore(blurred, degradation)).all()


def test_the_bilateral_of_the_thesis(sharp):
    degradation = Degradation("bilateral", {"scale": "0-1", "diameter": 5})
    texts = code(degradation, "unsharp", colour=sharp.ndim == 3)
    for program in (texts.opencv, texts.numpy):
        run(program)
        assert same("blurred.png", degradation.apply(sharp)).mean() > 0.99


@pytest.mark.parametrize("border", BORDERS)
def test_a_drawn_psf(sharp, asymmetric_psf, border):
    degradation = Degradation.from_psf(asymmetric_psf, noise=0.02, border=border)
    blurred = degradation.apply(sharp, seed=1)
    texts = code(degradation, "wiener", {"strength": 3}, seed=1, colour=sharp.ndim == 3)
    assert texts.command is None and texts.client is None
    run(texts.opencv)
    assert same("blurred.png", blurred).all()
    run(texts.numpy)
    assert same("blurred.png", blurred).mean() > 0.98
    run(texts.deblur)
    assert same("restored.png", RESTORERS["wiener"].restore(blurred, degradation, strength=3.0)).all()


@pytest.mark.parametrize("after", [AFTERS["noisy"], AFTERS["jpeg"], {"border": "unknown"}], ids=["noisy", "jpeg", "border"])
@pytest.mark.parametrize(
    ("name", "restorer", "settings"),
    [("gaussian", "wiener", {"strength": -3}), ("motion", "richardson_lucy", {"num_iter": 5}), ("bilateral", "unsharp", {}), ("average", "inverse", {})],
)
def test_command_lines_do_the_same(name, restorer, settings, after, sharp):
    degradation = Degradation(name, VALUES[name], **after)
    command = code(degradation, restorer, settings, seed=7).command
    assert command is not None
    for line in command.splitlines():
        words = shlex.split(line)
        assert words[:3] == ["python", "-m", "deblur"] and main(words[3:]) == 0
    blurred = degradation.apply(sharp, seed=7)
    assert same("blurred.png", blurred).all()
    assert same("restored.png", RESTORERS[restorer].restore(blurred, degradation, **settings)).all()


@pytest.mark.parametrize("border", BORDERS)
def test_the_client_calls_the_endpoints_by_their_names(sharp, monkeypatch, tmp_path, border):
    from deblur.ui import api

    def predict(picture, *, api_name, **named):
        function = {"/blur": api.blur, "/restore": api.restore}[api_name]
        given = {"noise": 0.0, "salt_pepper": 0.0, "storage": "8-bit", "quality": 90, **({"seed": 0} if api_name == "/blur" else {}), **named}
        inspect.signature(function).bind(picture, **given)
        path = tmp_path / f"answer{api_name.replace('/', '-')}.png"
        degradation = Degradation(given["filter"], given["values"], given["noise"], given["salt_pepper"], given["storage"], given["quality"], border=given.get("border", "mirrored"))
        before = read_image(picture)
        after = degradation.apply(before, given["seed"]) if api_name == "/blur" else RESTORERS[given["restorer"]].restore(before, degradation, **given["settings"])
        write_image(path, after)
        return str(path)

    monkeypatch.setitem(sys.modules, "gradio_client", SimpleNamespace(Client=lambda url: SimpleNamespace(predict=predict), handle_file=str))
    degradation = Degradation("motion", VALUES["motion"], noise=0.02, border=border)
    run(code(degradation, "wiener", {"strength": 4}, seed=3).client)
    blurred = degradation.apply(sharp, seed=3)
    assert same("blurred.png", blurred).all()
    assert same("restored.png", RESTORERS["wiener"].restore(blurred, degradation, strength=4.0)).all()


def test_floats_are_said_to_be_rounded_between_files():
    assert code(Degradation(storage="float")).rounded_between and not code(Degradation()).rounded_between
    with pytest.raises(ValueError, match="strength"):
        code(Degradation(), "wiener", {"strength": 99})
