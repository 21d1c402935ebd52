"""Games that are fair: seeded, solvable, and judged by the filters."""

import numpy as np
import pytest

from deblur.blur import BLURS
from deblur.data import load_fashion_mnist
from deblur.degrade import Degradation
from deblur.image import is_8bit, to_bytes
from deblur.lessons.games import MAX_REACH, RIVALS, challenge, check_guess, mystery, play, probes
from deblur.metrics import psnr
from deblur.restore import RESTORERS
from tests.conftest import photograph


def test_probes_are_small_pictures_of_their_own():
    pictures = probes()
    assert list(pictures) == ["dot", "step", "stripes", "checkerboard", "salt"]
    assert all(picture.shape == (31, 31) and is_8bit(picture) and picture.std() > 0 for picture in pictures.values())
    assert np.argmax(pictures["dot"]) == 15 * 31 + 15 and len(np.unique(pictures["salt"])) == 3


def test_the_same_seed_hides_the_same_filter():
    games = [mystery(seed) for seed in range(40)]
    assert all(mystery(game.seed).hidden == game.hidden for game in games[:10])
    assert {game.hidden.blur for game in games} == set(BLURS)
    for game in games:
        assert game.hidden.filter.reach(**game.hidden.values) <= MAX_REACH
        assert all(np.array_equal(game.answers[name], game.hidden.apply(picture)) for name, picture in game.probes.items())
    assert {mystery(seed, ("median", "motion")).hidden.blur for seed in range(12)} == {"median", "motion"}


@pytest.mark.parametrize("seed", range(12))
def test_the_truth_wins_all_points(seed):
    game = mystery(seed)
    verdict = check_guess(game, game.hidden.blur, game.hidden.values)
    assert verdict.right_filter and verdict.same_answers and verdict.points == verdict.most


def test_guesses_are_judged_by_their_distance():
    game = next(game for game in map(mystery, range(100)) if game.hidden.blur == "defocus" and game.hidden.values["radius"] > 4)
    radius = game.hidden.values["radius"]
    near, far = check_guess(game, "defocus", {"radius": radius - 0.5}), check_guess(game, "defocus", {"radius": radius - 3})
    assert near.values == {"radius": "near"} and far.values == {"radius": "far"}
    assert near.most > near.points == 3.5 > far.points == 2
    other = check_guess(game, "median", {})
    assert not other.right_filter and other.points == 0 and other.values == {}
    with pytest.raises(ValueError, match="radius"):
        check_guess(game, "defocus", {"radius": 99})


def test_another_guess_that_does_the_same_is_right():
    # a large sigma_space hardly matters: one px less of it changes no level
    wide = next(game for game in (mystery(seed, ("bilateral",)) for seed in range(20)) if game.hidden.values["sigma_space"] > 60)
    sigma = wide.hidden.values["sigma_space"]
    verdict = check_guess(wide, "bilateral", {**wide.hidden.values, "sigma_space": sigma - 1})
    assert verdict.same_answers and verdict.points == verdict.most


def test_a_match_is_decided_by_psnr():
    sharp, degradation = photograph((28, 30)), Degradation(noise=0.02)
    match = play(sharp, degradation, "wiener", {"strength": 0.0}, rival="unsharp", seed=3, amount=5.0)
    assert match.player_psnr == psnr(RESTORERS["wiener"].restore(degradation.apply(sharp, 3), degradation), sharp)
    assert match.rival_psnr == psnr(match.rival, sharp) and match.before == psnr(match.blurred, sharp)
    assert match.outcome == "won" and match.player_psnr > match.rival_psnr
    assert play(sharp, degradation, "unsharp", {"amount": 5.0}, rival="wiener", seed=3).outcome == "lost"
    assert play(sharp, degradation, "wiener", {}, rival="wiener").outcome == "drawn"


def test_the_network_can_be_beaten():
    match = play(photograph((28, 30)), Degradation("gaussian", storage="8-bit"), "wiener", {"strength": 0.0})
    assert match.outcome == "won" and match.rival_psnr > 10


@pytest.mark.parametrize("rival", RIVALS)
def test_the_same_seed_draws_the_same_challenge(rival):
    games = [challenge(seed, rival) for seed in range(12)]
    for game in games:
        again = challenge(game.seed, rival)
        assert again.degradation == game.degradation and again.garment == game.garment
        assert np.array_equal(to_bytes(game.sharp), load_fashion_mnist("test")[0][game.garment])
        assert game.degradation.psf is not None and game.degradation.storage == "8-bit"
    assert len({game.degradation.blur for game in games}) > 1 and len({game.garment for game in games}) > 6


def test_the_thesis_network_plays_on_what_it_was_trained_for():
    for seed in range(12):
        assert RESTORERS["thesis"].doubts(challenge(seed).degradation, network="auto") is None
    with pytest.raises(ValueError, match="thesis, universal"):
        challenge(0, "nobody")
