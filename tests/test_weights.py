import json
import warnings
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest

from deblur import cards, networks, weights
from deblur.networks import thesis_autoencoder
from deblur.thesis import EXPERIMENTS


def card(name: str = "thesis-small", **changes: object) -> cards.Card:
    fields = {
        "name": name, "builder": "thesis_autoencoder", "arguments": {"filters": [4, 2]}, "degradation": {}, "data": {}, "training": {},
        "commit": "unknown", "command": "python train.py", "condition": ("noise", "size"),
    }  # fmt: skip
    return cards.Card(**(fields | changes))


@pytest.fixture
def saved(tmp_path):
    keras.utils.set_random_seed(1)
    network = thesis_autoencoder(filters=(4, 2))
    weights.load.forget()
    return network, weights.save(network, card(), tmp_path), tmp_path


def test_a_saved_network_comes_back_with_its_card(saved) -> None:
    network, written, folder = saved
    assert cards.read_card("thesis-small", folder) == written
    picture = np.random.default_rng(0).random((1, 12, 17, 1), dtype=np.float32)
    assert np.array_equal(np.asarray(weights.load("thesis-small", folder)(picture)), np.asarray(network(picture)))
    assert sorted(path.name for path in folder.iterdir()) == ["thesis-small.json", "thesis-small.keras"]


def test_missing_weights_are_named_with_the_way_to_retrain(tmp_path) -> None:
    with pytest.raises(ValueError, match=r"weights nothing: not there.*python train\.py nothing"):
        weights.load("nothing", tmp_path)


@pytest.mark.parametrize("damage", [lambda data: data[:-100], lambda data: data[:500] + b"x" + data[501:], lambda data: b""])
def test_damaged_weights_are_refused_by_name(saved, damage) -> None:
    folder = saved[2]
    path = folder / "thesis-small.keras"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"thesis-small.*damaged.*python train\.py"):
        weights.load("thesis-small", folder)


@pytest.mark.parametrize("changes", [{"builder": "unheard_of"}, {"arguments": {"filters": [4, 3]}}, {"arguments": {"depth": 3}}])
def test_weights_that_do_not_fit_their_card_are_refused(saved, changes) -> None:
    _, written, folder = saved
    card(**changes, sha256=written.sha256).write(folder)
    with pytest.raises(ValueError, match="weights thesis-small"):
        weights.load("thesis-small", folder)


@pytest.mark.filterwarnings("ignore:Skipping nested container")
@pytest.mark.parametrize("blocks", [(1, 2), (2, 1)])
def test_a_file_that_lacks_layers_is_refused_even_where_warnings_are_not_errors(tmp_path, blocks) -> None:
    small = {"widths": (8, 8), "blocks": (1, 1)}
    weights.save(networks.universal(**small), card("universal", builder="universal", arguments=small | {"blocks": blocks}), tmp_path)
    with pytest.raises(ValueError, match="weights universal: they do not fit"):
        weights.load("universal", tmp_path)


def test_threads_share_one_network_and_leave_the_warnings_alone(saved, monkeypatch) -> None:
    folder = saved[2]
    built = []

    def build(**arguments: object) -> keras.Model:
        built.append(list(warnings.filters))
        return thesis_autoencoder(**arguments)

    monkeypatch.setitem(networks.BUILDERS, "thesis_autoencoder", build)
    with ThreadPoolExecutor(8) as pool:
        loaded = list(pool.map(lambda _: weights.load("thesis-small", folder), range(8)))
    assert len({id(network) for network in loaded}) == len(built) == 1
    assert built[0] == warnings.filters


def test_weights_written_without_their_card_are_refused(saved) -> None:
    """As after a kill between the two writes."""
    network, _, folder = saved
    old = (folder / "thesis-small.json").read_bytes()
    network.set_weights([weight + 1 for weight in network.get_weights()])
    weights.save(network, card(), folder)
    (folder / "thesis-small.json").write_bytes(old)
    with pytest.raises(ValueError, match="weights thesis-small: damaged or not those of their card"):
        weights.load("thesis-small", folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": "thesis-small"}', '{"surprise": 1}'])
def test_a_damaged_card_is_refused(saved, text) -> None:
    folder = saved[2]
    (folder / "thesis-small.json").write_text(text)
    with pytest.raises(ValueError, match="card is damaged"):
        weights.load("thesis-small", folder)


@pytest.mark.parametrize("name", list(EXPERIMENTS))
def test_the_shipped_networks_fit_their_cards_and_were_trained_as_promised(name) -> None:
    shipped = cards.read_card(name)
    network = weights.load(name)
    assert network.count_params() == 22_057
    assert shipped.data["pictures"] == 60_000 and shipped.data["split"] == "train"
    assert shipped.training["epochs"] == shipped.training["planned_epochs"] == 100
    assert shipped.degradation["blur"] == EXPERIMENTS[name].degradation.blur
    assert dict(EXPERIMENTS[name].degradation.values) == shipped.degradation["values"]
    history = (cards.WEIGHTS / f"{name}.csv").read_text().splitlines()
    assert len(history) == 1 + 100
    assert json.loads((cards.WEIGHTS / f"{name}.json").read_text())["sha256"] == cards.file_hash(cards.WEIGHTS / f"{name}.keras")
