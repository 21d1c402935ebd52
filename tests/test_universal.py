"""The universal restorer, its network, its card and its training."""

import itertools
import json
import shutil

import keras
import numpy as np
import pytest

from deblur import endless, figures, networks, quicker, stream, universal, weights
from deblur.cards import WEIGHTS, Card, read_card
from deblur.condition import CONDITION
from deblur.data import load_fashion_mnist
from deblur.degrade import Degradation
from deblur.image import from_bytes
from deblur.metrics import error, psnr
from deblur.physics import PLANES, hand_over, settle
from deblur.restore import RESTORERS
from deblur.stream import Source

from .conftest import photograph

RESTORER = RESTORERS["universal"]
ASYMMETRIC = np.arange(1.0, 16.0).reshape(3, 5)


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return weights.load("universal")


@pytest.fixture
def fresh() -> keras.Model:
    keras.utils.set_random_seed(2)
    return networks.universal(widths=(8, 8), blocks=(1, 1))


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A copy of the weights that may be spoilt."""
    for suffix in (".json", ".keras"):
        shutil.copy(WEIGHTS / f"universal{suffix}", tmp_path)
    monkeypatch.setattr(universal, "read_card", lambda name: read_card(name, tmp_path))
    monkeypatch.setattr(universal, "checked_file", lambda card: weights.checked_file(card, tmp_path))
    universal._card.cache_clear()
    yield tmp_path
    universal._card.cache_clear()


def stepwise(network: keras.Model, images: np.ndarray, degradation: Degradation) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sharp, blurred and restored garments, (H, W, N)."""
    sharp = np.moveaxis(from_bytes(images), 0, 2)
    rng = np.random.default_rng(0)
    blurred = np.stack([degradation.apply(np.ascontiguousarray(sharp[..., place]), rng) for place in range(len(images))], axis=-1)
    return sharp, blurred, universal.restore_with(network, blurred, degradation)


def test_the_card_says_what_the_weights_are():
    card = read_card("universal")
    assert card.condition == CONDITION[: len(card.condition)]
    assert card.arguments["planes"] == len(PLANES)
    assert (WEIGHTS / "universal.keras").stat().st_size < 5_000_000
    assert not card.commit.endswith("-dirty")
    assert {"parameters", "multiply_adds_per_pixel"} <= set(card.figures["size"])


def test_the_cards_size_is_true(network):
    assert figures.size(network) == read_card("universal").figures["size"]


def test_the_cards_figures_are_reproduced(network):
    """On the first 500 test garments, to 0.05 dB."""
    subset = read_card("universal").figures["garments_subset"]
    images = load_fashion_mnist("test")[0][: subset["pictures"]]
    for row, again in zip(subset["rows"], figures.on_garments(network, images), strict=True):
        assert (row["blur"], row["storage"]) == (again["blur"], again["storage"])
        assert again["psnr"] == pytest.approx(row["psnr"], abs=0.05)


@pytest.mark.parametrize("setting", stream.SETTINGS, ids=lambda setting: setting.blur)
def test_far_better_than_the_thesis_at_its_own_settings(network, setting):
    paper = {"gaussian": 1.65, "average": 2.46, "median": 17.94, "bilateral": 8.46}[setting.blur]
    sharp, _, restored = stepwise(network, load_fashion_mnist("test")[0][:200], setting)
    assert error(restored, sharp) < paper / 3


@pytest.mark.parametrize("setting", [s for s in figures.SHOWN if s.storage == "float"], ids=lambda setting: setting.blur)
def test_what_the_data_determine_is_not_spoilt(network, setting):
    sharp, blurred, restored = stepwise(network, load_fashion_mnist("test")[0][:200], setting)
    inverse = np.moveaxis(hand_over(blurred, setting)[0][..., 0], 0, 2)
    assert psnr(restored, sharp) > psnr(inverse, sharp) - 0.5
    assert error(restored, sharp) < 0.1


@pytest.mark.parametrize("shape", [(61, 83), (58, 47, 3), (28, 28), (2, 31), (3, 3)])
@pytest.mark.parametrize("degradation", [Degradation(), Degradation.from_psf(ASYMMETRIC, noise=0.01), Degradation("median", {"size": 3})], ids=lambda d: d.blur)
def test_any_size_and_colour(shape, degradation):
    blurred = degradation.apply(photograph(shape)) if min(shape[:2]) > 3 else photograph(shape)
    kept = blurred.copy()
    if reason := RESTORER.accepts(degradation, shape):
        assert "smaller than its blur" in reason
        return
    restored = RESTORER.restore(blurred, degradation)
    assert restored.shape == shape
    assert restored.dtype == np.float32
    assert 0 <= restored.min() <= restored.max() <= 1
    np.testing.assert_array_equal(blurred, kept)


def test_a_colour_is_restored_as_if_it_were_grey():
    degradation = Degradation("defocus", noise=0.01)
    blurred = degradation.apply(photograph((37, 46, 3)))
    alone = np.stack([RESTORER.restore(np.ascontiguousarray(blurred[..., channel]), degradation) for channel in range(3)], axis=-1)
    np.testing.assert_allclose(RESTORER.restore(blurred, degradation), alone, atol=1e-5)


def test_a_garment_by_itself_is_compiled_and_restored_as_among_others(network, monkeypatch):
    adapted = []
    monkeypatch.setattr(quicker, "compiled", lambda network, form=quicker.compiled: adapted.append(network) or form(network))
    degradation = Degradation("motion", noise=0.01)
    _, blurred, restored = stepwise(network, load_fashion_mnist("test")[0][:3], degradation)
    assert not adapted
    for place in range(3):
        np.testing.assert_allclose(universal.restore_with(network, blurred[..., place], degradation), restored[..., place], atol=1e-5)
    assert adapted == [network] * 3


@pytest.mark.parametrize("shape", [(301, 197), (150, 413)])
def test_tiles_equal_the_whole(network, shape):
    degradation = Degradation("gaussian", {"size": 9, "sigma": 2}, noise=0.02)
    planes, vector = hand_over(degradation.apply(photograph(shape)), degradation)
    whole, tiled = (universal.run(network, planes, vector, tile) for tile in (1024, 2 * universal.MARGIN + 48))
    assert np.abs(whole - tiled).max() < 1e-4


def test_tiles_cover_every_pixel_once():
    tile = 2 * universal.MARGIN + 48
    for length in (4, tile, tile + 4, 1000):
        covered = np.zeros(length, int)
        for outer, inner in universal.spans(length, tile):
            assert outer.stop - outer.start <= tile
            assert outer.start % universal.TILES_ALIGNED == 0
            covered[inner] += 1
        assert (covered == 1).all()


@pytest.mark.parametrize(
    ("degradation", "words"),
    [
        (Degradation.from_psf(np.ones((1, 45))), "psf side = 45"),
        (Degradation("gaussian", {"size": 21}), "gaussian size = 21: the universal network was trained on 3 to 9"),
        (Degradation("median", noise=0.15), "degradation noise = 0.15"),
        (Degradation("bilateral", {"scale": "0-1"}), "bilateral scale = 0-1: the universal network was trained on 0-255"),
        (Degradation("average"), "not trained on average"),
    ],
)
def test_what_was_not_trained_is_refused(elsewhere, degradation, words):
    card = json.loads((elsewhere / "universal.json").read_text())
    filters = card["degradation"]["filters"]
    filters["gaussian"]["size"] = [3, 9]
    filters["bilateral"]["scale"] = ["0-255"]
    del filters["average"]
    card["degradation"]["after"]["noise"] = [0, 0.1]
    (elsewhere / "universal.json").write_text(json.dumps(card))
    assert words in RESTORER.accepts(degradation, (64, 64))
    assert RESTORER.accepts(Degradation("gaussian", {"size": 9}), (64, 64)) is None


def test_what_the_sliders_offer_is_accepted():
    rng = np.random.default_rng(0)
    for _ in range(100):
        assert RESTORER.accepts(stream.draw(rng), (64, 64)) is None


@pytest.mark.parametrize("harm", ["truncated", "missing", "no card", "another order"])
def test_bad_weights_are_refused_by_name(elsewhere, harm):
    path, card = elsewhere / "universal.keras", elsewhere / "universal.json"
    if harm == "truncated":
        path.write_bytes(path.read_bytes()[:1000])
    elif harm == "missing":
        path.unlink()
    elif harm == "no card":
        card.unlink()
    else:
        entries = json.loads(card.read_text())
        entries["condition"][0] = "phase_of_the_moon"
        card.write_text(json.dumps(entries))
    reason = RESTORER.accepts(Degradation(), (28, 28))
    assert reason
    assert "weights universal" in reason
    assert "python train.py universal" in reason
    with pytest.raises(ValueError, match="weights universal"):
        RESTORER.restore(photograph((28, 28)), Degradation())


def test_an_untrained_network_returns_the_inverse(fresh):
    degradation = Degradation("defocus")
    planes, vector = hand_over(degradation.apply(photograph((28, 36))), degradation)
    np.testing.assert_allclose(universal.run(fresh, planes, vector), planes[..., 0], atol=1e-6)


@pytest.mark.parametrize("module", ["networks", "optimizer", "endless", "condition", "physics", "reverse", "stream", "universal", "figures", "rounds"])
def test_no_backend_is_named(module):
    text = (WEIGHTS.parent / "deblur" / f"{module}.py").read_text()
    assert "tensorflow" not in text
    assert "tf." not in text


def test_training_learns_stops_and_goes_on(fresh, tmp_path, monkeypatch):
    images, _ = load_fashion_mnist("test")
    rng = np.random.default_rng(0)
    one = stream.joined([stream.garment_group(rng, images[:50], stream.SETTINGS[0]) for _ in range(stream.GROUPS)])
    degradation = Degradation("average", noise=0.01)
    larger = [photograph((36, 44), seed) for seed in range(stream.GROUPS)]
    two = stream.joined([stream.whole_pictures([picture], each, rng) for picture, each in zip(larger, itertools.cycle([degradation, Degradation("bilateral")]), strict=False)])
    monkeypatch.setattr(endless.stream, "batches", lambda source, first, workers: itertools.cycle([one, two]))
    ticks = itertools.count()
    monkeypatch.setattr(endless.time, "monotonic", lambda: float(next(ticks)))  # a second a step, however busy the machine is
    rows = list(endless.train(fresh, Source(), endless.Plan(minutes=1, every=25, warm_up=5), tmp_path, [one, two]))
    assert len(rows) > 1
    assert rows[-1]["validation"] > rows[0]["validation"]
    again = networks.universal(widths=(8, 8), blocks=(1, 1))
    more = list(endless.train(again, Source(), endless.Plan(minutes=0.5, warm_up=5), tmp_path, [one, two]))
    assert more[0]["step"] > rows[-1]["step"]
    with np.load(tmp_path / "state.npz") as state:
        (steps,) = (int(state[name]) for name in state.files if name.endswith("/iteration"))
    assert steps == more[-1]["step"]  # the optimizer went on, too
    assert more[-1]["validation"] > rows[0]["validation"]
    with pytest.raises(ValueError, match="validated on other pictures"):
        next(endless.train(again, Source(), endless.Plan(minutes=0.5), tmp_path, [one]))
    best = networks.universal(widths=(8, 8), blocks=(1, 1))
    history = endless.resume(best, tmp_path, "best")
    assert history[-1]["validation"] == max(row["validation"] for row in [*rows, *more])


def test_a_deeper_network_goes_on_from_a_smaller_ones_checkpoint(tmp_path):
    """What is new in it does nothing yet."""
    degradation = Degradation("defocus", noise=0.01)
    smaller = networks.universal(widths=(8, 8), blocks=(1, 2), conditions=len(CONDITION) - 1)
    smaller.set_weights([np.random.default_rng(0).normal(0, 0.1, weight.shape) for weight in smaller.get_weights()])
    endless._write(tmp_path / "best.npz", smaller.weights, [{"step": 3.0}])
    deeper = networks.universal(widths=(8, 8, 8), blocks=(2, 3, 1))
    assert endless.resume(deeper, tmp_path, "best") == [{"step": 3.0}]
    planes, vector = hand_over(degradation.apply(photograph((28, 36))), degradation)
    np.testing.assert_allclose(universal.run(deeper, planes, vector), universal.run(smaller, planes, vector[:-1]), atol=1e-6)


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    other = networks.thesis_autoencoder()
    endless._write(tmp_path / "best.npz", other.weights, [{"step": 3.0}])
    with pytest.raises(ValueError, match="none of this network's weights"):
        endless.resume(networks.universal(widths=(8, 8), blocks=(1, 1)), tmp_path, "best")


@pytest.mark.parametrize("rounds", [universal.ROUNDS, universal.ROUNDS_LARGE])
@pytest.mark.parametrize("degradation", [Degradation("defocus", noise=0.01), Degradation("median"), Degradation("bilateral", noise=0.01)], ids=lambda d: d.blur)
def test_rounds_are_trained_as_they_are_run(network, monkeypatch, degradation, rounds):
    sharp = photograph((36, 28))
    blurred = degradation.apply(sharp)
    batch = stream.prepared(sharp[..., None], blurred[..., None], degradation)
    answers = networks.unrolled(network, CONDITION.index("again"), endless.LINEAR, rounds).predict_on_batch(endless.inputs(network, batch, rounds))
    monkeypatch.setattr(universal, "LARGE", sharp.size if rounds == universal.ROUNDS else sharp.size - 1)
    settled = settle(np.moveaxis(answers[-1][..., 0], 0, 2), blurred[..., None], degradation)[..., 0]
    np.testing.assert_allclose(settled, universal.restore_with(network, blurred, degradation), atol=2e-4)


@pytest.mark.parametrize("blocks", [(1, 2), (2, 1)])
def test_weights_of_another_shape_are_refused(tmp_path, fresh, blocks):
    card = Card("universal", "universal", {"widths": (8, 8), "blocks": blocks}, {}, {}, {}, "unknown", "python train.py")
    weights.save(fresh, card, tmp_path)
    with pytest.raises(ValueError, match="weights universal: they do not fit"):
        weights.load("universal", tmp_path)
