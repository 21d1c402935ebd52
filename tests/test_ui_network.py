"""What the view What is this network says, against computations of its own."""

import base64
import io
import re
import sys
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
from PIL import Image
from scipy.signal import convolve2d
from scipy.special import expit, logit

from deblur import cards, metrics
from deblur.blur import BLURS
from deblur.data import load_fashion_mnist
from deblur.image import WHITE, from_bytes, to_bytes
from deblur.reasons import InputError
from deblur.restore import RESTORERS
from deblur.thesis import EXPERIMENTS
from deblur.ui import epochs, network, own_weights, roundtrip
from deblur.ui.state import FIRST_GARMENT, State
from deblur.ui.texts import LANGUAGES, load_texts
from deblur.weights import load

TEXTS = load_texts("en")


def state(**query: str) -> State:
    return State.from_query(query)


def words(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub("<[^>]+>", " ", html)))


def numbers(pattern: str, html: str) -> list[float]:
    found = re.search(pattern, words(html))
    assert found, words(html)
    return [float(group.replace("−", "-").replace(",", "").rstrip(".")) for group in found.groups()]


def pictures(html: str) -> list[np.ndarray]:
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))) for data in re.findall(r"data:image/png;base64,([^\"]+)", html)]


def answer(name: str, blurred: np.ndarray) -> np.ndarray:
    return np.asarray(load(name)(blurred[None, ..., None].astype(np.float32)))[0, ..., 0].astype(np.float64)


def kernel_of(name: str) -> tuple[np.ndarray, float]:
    """Kernel and bias by composing the layers' weights, the way it is done on paper."""
    kernels, bias = np.ones((1, 1, 1)), np.zeros(1)
    for layer in load(name).layers[1:-1]:
        taps, shift = layer.kernel.numpy().astype(np.float64), layer.bias.numpy().astype(np.float64)
        spread = "Transpose" in type(layer).__name__
        taps = taps.transpose(0, 1, 3, 2) if spread else taps[::-1, ::-1]  # response to a point; (h, w, in, out)
        bias = np.einsum("i,hwio->o", bias, taps) + shift
        kernels = np.stack([sum(convolve2d(kernels[i], taps[:, :, i, o]) for i in range(len(kernels))) for o in range(taps.shape[3])])
    return kernels[0], float(bias[0])


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_finding_is_what_one_convolution_gives(name) -> None:
    sharp = from_bytes(load_fashion_mnist("test")[0][FIRST_GARMENT])
    blurred = EXPERIMENTS[name].blur_one(sharp)
    html = network.view(state(), None, name, 8, network.PLAIN, TEXTS)
    params, count, inside, away, border = numbers(r"([\d,]+) parameters = (\d+) numbers .* by ([\d.]+) grey levels .* than (\d+) px .* up to ([\d.]+),", html)
    kernel, bias = kernel_of(name)
    assert (params, count, away) == (22_057, kernel.size + 1, 8) and kernel.shape == (8, 8)
    short = expit(convolve2d(blurred.astype(np.float64), kernel)[4:32, 4:32] + bias)
    difference = WHITE * np.abs(answer(name, blurred) - short)
    assert inside == pytest.approx(difference[8:-8, 8:-8].max(), abs=0.002)
    difference[8:-8, 8:-8] = 0
    assert border == pytest.approx(difference.max(), rel=0.06)
    shown = [picture for picture in pictures(html) if picture.shape == (28, 28)]
    assert np.abs(shown[0] - WHITE * answer(name, blurred)).max() < 0.51 and np.abs(shown[1] - WHITE * short).max() < 0.6


def test_the_kernels_grow_from_2_to_8_and_numbers_are_counted() -> None:
    params = np.cumsum([layer.count_params() for layer in load("thesis-gaussian").layers[1:-1]])
    sides, counts = [], []
    for layer in range(1, network.NUM_LAYERS + 1):
        html = network.view(state(), None, "thesis-gaussian", layer, network.PLAIN, TEXTS)
        side, count = (int(re.search(rf'data-{what}="(\d+)"', html)[1]) for what in ("side", "count"))
        told = numbers(r"\. ([\d,]+) numbers do what ([\d,]+) parameters do", html)
        assert told == [count * (side**2 + 1), params[layer - 1]]
        assert sum(picture.shape == (side, side) for picture in pictures(html)) == count
        sides.append(side)
        counts.append(count)
    assert sides == [2, 3, 4, 5, 6, 7, 8, 8] and counts == [64, 32, 16, 8, 16, 32, 64, 1]


def test_a_relu_makes_the_collapse_fail_by_a_number() -> None:
    from deblur.networks import thesis_autoencoder

    blurred = EXPERIMENTS["thesis-gaussian"].blur_one(from_bytes(load_fashion_mnist("test")[0][FIRST_GARMENT]))
    html = network.view(state(), None, "thesis-gaussian", 8, network.RELU, TEXTS)
    wrong, right, away = numbers(r"up to ([\d.]+) grey levels \(without ReLU: ([\d.]+)\), .* up to ([\d.]+) grey levels", html)
    changed = thesis_autoencoder("relu")
    changed.set_weights(load("thesis-gaussian").get_weights())
    left = blurred.copy()
    left[:, 14:] = 0

    def run(picture: np.ndarray) -> np.ndarray:
        return np.asarray(changed(picture[None, ..., None]))[0, ..., 0].astype(np.float64)

    added = expit(logit(run(left)) + logit(run(blurred - left)) - logit(run(0 * blurred)))
    assert wrong == pytest.approx(WHITE * np.abs(run(blurred) - added).max(), rel=0.06) and wrong > 1 > 100 * right
    kernel, bias = kernel_of("thesis-gaussian")
    short = expit(convolve2d(blurred.astype(np.float64), kernel)[4:32, 4:32] + bias)
    assert away == pytest.approx(WHITE * np.abs(run(blurred) - short).max(), rel=0.06)


def test_the_network_follows_the_play_tab_unless_one_is_asked_for() -> None:
    assert roundtrip.chosen_network(state(blur="average"), "auto") == "thesis-average"
    assert roundtrip.chosen_network(state(blur="average", restorer="thesis", restorer_network="thesis-median"), "auto") == "thesis-median"
    assert roundtrip.chosen_network(state(blur="average"), "thesis-bilateral") == "thesis-bilateral"
    assert roundtrip.chosen_network(state(), "nonsense") == "thesis-gaussian"


def test_the_round_trip_says_what_becomes_of_stripes() -> None:
    shown = state(blur="gaussian", blur_size="5", noise="0.02", storage="float")
    html, places = roundtrip.view(shown, None, "thesis-gaussian", None, TEXTS)
    assert places == tuple(map(tuple, places))
    left, thesis, wiener, universal = numbers(
        r"leaves ([\d.]+) % .*: Thesis' network (−?[\d.]+) %; Wiener (−?[\d.]+) %; Universal network (−?[\d.]+) %\.", html
    )
    (row, column), _ = places
    # stripes of 2 px pass the blur: cosine and sine, so that no phase is missed
    waves = [np.tile(wave(np.pi / 2 * (np.arange(28) - column)), (28, 1)) for wave in (np.cos, np.sin)]
    psf = shown.degradation.psf
    passed = [float((psf * np.tile(np.cos(np.pi / 2 * (np.arange(5) - 2)), (5, 1))).sum()) * wave for wave in waves]
    assert left == pytest.approx(100 * passed[0][row, column], rel=0.06)
    blurred = shown.degradation.apply(from_bytes(load_fashion_mnist("test")[0][FIRST_GARMENT]), 0)
    step = 1e-3

    def slope(run, wave: np.ndarray) -> float:
        return float(run((blurred + step * wave).astype(np.float32))[row, column] - run((blurred - step * wave).astype(np.float32))[row, column]) / (2 * step)

    assert thesis == pytest.approx(100 * slope(lambda picture: answer("thesis-gaussian", picture), passed[0]), rel=0.06, abs=1)
    balance = shown.degradation.noise_variance
    flat = replace(shown.degradation)
    assert wiener == pytest.approx(100 * slope(lambda picture: _wiener(picture, flat), passed[0]), rel=0.15, abs=3), balance
    asked = RESTORERS["universal"]
    assert universal == pytest.approx(100 * slope(lambda picture: asked.restore(np.clip(picture, 0, 1), shown.degradation), passed[0]), rel=0.25, abs=8)


def _wiener(picture: np.ndarray, degradation) -> np.ndarray:
    return RESTORERS["wiener"].restore(np.clip(picture, 0, 1), degradation).astype(np.float64)


def test_the_thesis_kernel_is_the_same_at_every_inner_pixel_and_the_universal_ones_is_not() -> None:
    html, places = roundtrip.view(state(), None, "thesis-gaussian", ((10, 9), (17, 14)), TEXTS)
    assert places == ((10, 9), (17, 14))
    universal, thesis, factor = numbers(r"Universal network: ([\d.]+) % .* Thesis' network: ([\d.]+) %; .* it ([\d.]+) times", html)
    assert thesis < 0.1 < 5 < universal <= 100
    blurred = state().degradation.apply(from_bytes(load_fashion_mnist("test")[0][FIRST_GARMENT]), 0)
    values = answer("thesis-gaussian", blurred)
    slopes = values * (1 - values)
    assert factor == pytest.approx(slopes[10, 9] / slopes[17, 14], rel=0.06)
    same, _ = roundtrip.view(state(), None, "thesis-gaussian", ((10, 9), (10, 9)), TEXTS)
    assert numbers(r"Universal network: ([\d.]+) %", same) == [0]


def test_a_filter_without_a_kernel_has_no_round_trip_but_its_restorers_have_kernels() -> None:
    html, _ = roundtrip.view(state(blur="median"), None, "auto", None, TEXTS)
    assert "no convolution" in words(html) and "<polyline" not in html and 'data-restorer="universal"' in html


def test_a_click_moves_the_mark_and_a_step_keeps_the_place_before() -> None:
    assert roundtrip.next_places(((3, 4), (9, 9)), (8, 8)) == ((8, 8), (3, 4))
    assert roundtrip.next_places(((3, 4), (9, 9)), (3, 5)) == ((3, 5), (9, 9))
    assert roundtrip.next_places(None, (3, 5)) is None


@pytest.mark.parametrize("step", [0, 1, 11])
def test_an_epoch_says_its_psnr_and_loss(step) -> None:
    from deblur.lessons import epochs as lesson

    sharp = from_bytes(load_fashion_mnist("test")[0][FIRST_GARMENT])
    blurred = EXPERIMENTS["thesis-gaussian"].blur_one(sharp)
    epoch = lesson.history().epochs[step]
    html = epochs.view(state(blur="median"), None, step, TEXTS)
    restored = np.asarray(lesson.network_after(epoch)(blurred[None, ..., None]))[0, ..., 0]
    psnr = -10 * np.log10(np.mean((restored.astype(np.float64) - sharp) ** 2))
    assert numbers(r": ([\d.]+) dB", html)[0] == pytest.approx(psnr, abs=0.06)
    assert np.abs(pictures(html)[4] - WHITE * restored).max() < 0.51
    told = TEXTS(f"net.epochs.{'untrained' if not step else 'worse' if psnr < metrics.psnr(blurred, sharp) else 'better'}", epoch="", epochs="", psnr="", before="", gain="", loss="")
    assert told.split(" ")[0] in words(html)
    if step:
        assert numbers(r"Training loss ([\d.]+)\b", html)[0] == pytest.approx(lesson.history().losses[epoch - 1], rel=0.005)


@pytest.mark.parametrize("place", [(16, 14), (0, 0), (27, 12)])
def test_the_microscope_takes_a_thesis_pixel_apart(place) -> None:
    shown = state(restorer="thesis")
    html = own_weights.view(shown, None, *place, TEXTS)
    weighed, bias, total, level = numbers(r"add up to (−?[\d.]+); with the bias ([+−][\d.]+) that is (−?[\d.]+), .* is level (\d+)", html)
    blurred = shown.degradation.apply(from_bytes(load_fashion_mnist("test")[0][FIRST_GARMENT]), 0)
    value = answer("thesis-gaussian", blurred)[place]
    assert level == to_bytes(np.array(value)) == to_bytes(RESTORERS["thesis"].restore(blurred, shown.degradation))[place]
    assert total == pytest.approx(logit(value), rel=0.01) and weighed + bias == pytest.approx(total, abs=0.03)
    if place == (16, 14):
        kernel, offset = kernel_of("thesis-gaussian")
        assert bias == pytest.approx(offset, rel=0.005)
        assert weighed == pytest.approx(convolve2d(blurred.astype(np.float64), kernel)[4:32, 4:32][place], rel=0.01)


def test_the_microscope_shows_the_universal_networks_weights_there() -> None:
    shown = state(noise="0.02", storage="float")
    html = own_weights.view(shown, None, 16, 14, TEXTS)
    level, own, explained, rest = numbers(r"restored to (\d+)\. .* changes it by ([+−][\d.]+)\. .* add up to (−?\d+); the other (−?\d+) levels", html)
    blurred = shown.degradation.apply(from_bytes(load_fashion_mnist("test")[0][FIRST_GARMENT]), 0)
    restored = RESTORERS["universal"].restore(blurred, shown.degradation)
    assert level == to_bytes(restored)[16, 14] == explained + rest
    less, more = blurred.copy(), blurred.copy()
    less[16, 14] -= 2e-4  # a larger step goes over a bend of the network
    more[16, 14] += 2e-4
    slope = np.subtract(*(RESTORERS["universal"].restore(one, shown.degradation)[16, 14] for one in (more, less))) / 4e-4
    assert own == pytest.approx(slope, rel=0.05, abs=0.02)
    black = np.argwhere(restored == 0)[:10].tolist()
    assert any("no weights to show" in words(own_weights.view(shown, None, *place, TEXTS)) for place in black)


def test_other_restorers_have_no_weights_of_their_own() -> None:
    assert own_weights.view(state(restorer="wiener"), None, 5, 5, TEXTS) == ""


VIEWS = {
    "network": lambda shown, texts: network.view(shown, None, "auto", 8, network.PLAIN, texts),
    "roundtrip": lambda shown, texts: roundtrip.view(shown, None, "auto", None, texts)[0],
    "epochs": lambda shown, texts: epochs.view(shown, None, 3, texts),
    "own": lambda shown, texts: own_weights.view(replace(shown, restorer="thesis", own={"network": "auto"}), None, 3, 3, texts),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_photograph_gets_one_clear_sentence(view, language) -> None:
    texts = load_texts(language)
    html = view(replace(state(), source="yours"), texts)
    assert texts("net.garments_only") in words(html) and "<img" not in html


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_without_keras_there_is_a_sentence(view, monkeypatch) -> None:
    for name in [name for name in sys.modules if name == "deblur.weights" or name == "deblur.networks"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("deblur.weights", raising=False)
    monkeypatch.delattr("deblur.networks", raising=False)
    monkeypatch.setitem(sys.modules, "keras", None)
    for cached in (roundtrip.of_thesis, roundtrip._jacobian, epochs._answer, epochs._kernel, epochs.lesson.network_after):
        cached.cache_clear()
    assert "Keras is not installed" in words(view(state(), TEXTS))


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_missing_weights_are_named(view, monkeypatch) -> None:
    def missing(name: str, *more: object) -> None:
        raise cards.refused(name, "not there")

    monkeypatch.setattr("deblur.weights.load", missing)
    monkeypatch.setattr("deblur.ui.epochs.lesson.history", lambda: missing("thesis-gaussian"))
    for cached in (roundtrip.of_thesis, roundtrip._jacobian, epochs._answer, epochs._kernel):
        cached.cache_clear()
    assert "cannot be used: not there" in words(view(state(), TEXTS))


@pytest.mark.parametrize("blur", BLURS)
def test_every_filter_has_its_view(blur) -> None:
    shown = state(blur=blur)
    for view in VIEWS.values():
        assert 'class="verdict"' in view(shown, TEXTS)


def test_a_restorer_that_refuses_says_why(monkeypatch) -> None:
    def refuses(*_: object, **__: object) -> object:
        return InputError("not_here", "the network was not trained on this.").reason

    monkeypatch.setitem(RESTORERS, "universal", replace(RESTORERS["universal"], refuses=refuses))
    roundtrip._jacobian.cache_clear()
    html, _ = roundtrip.view(state(), None, "auto", None, TEXTS)
    assert words(html).count("the network was not trained on this.") == 2 and 'data-restorer="wiener"' in html
    roundtrip._jacobian.cache_clear()
