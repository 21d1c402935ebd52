"""The course: every state is one the page has, and every answer is what OpenCV, NumPy or the training record says, too."""

import csv
from urllib.parse import parse_qsl

import cv2
import numpy as np
import pytest

from deblur.cards import WEIGHTS
from deblur.data import load_fashion_mnist
from deblur.lessons import answers
from deblur.lessons.course import LESSONS
from deblur.ui.course import scene
from deblur.ui.state import HIDEABLE, State
from deblur.ui.texts import LANGUAGES, load_texts

QUERIES = [part.query for lesson in LESSONS for part in (*lesson.steps, *lesson.questions)]
QUESTIONS = {(lesson.key, question.key): question for lesson in LESSONS for question in lesson.questions}
SIDE = answers.SIDE


def garment(index: int = 1) -> np.ndarray:
    return load_fashion_mnist("test")[0][index].astype(np.float64) / 255


def measured(lesson: str, question: str) -> answers.Answer:
    """What the course says, from the state that the question names."""
    asked = QUESTIONS[lesson, question]
    answer = asked.answer(scene(asked.query, load_texts("en")))
    assert answer.right in asked.options
    return answer


def psnr(picture: np.ndarray, sharp: np.ndarray) -> float:
    return -10 * np.log10(np.mean((picture - sharp) ** 2))


def matrix(kernel_of) -> np.ndarray:
    """An OpenCV filter on 28×28 pixels as 784×784 numbers."""
    return np.stack([kernel_of(point).ravel() for point in np.eye(784).reshape(784, 28, 28)], axis=1)


def stored(picture: np.ndarray) -> np.ndarray:
    return np.floor(255 * np.clip(picture, 0, 1) + 0.5) / 255


@pytest.mark.parametrize("query", QUERIES)
def test_every_state_exists_and_ignores_nothing(query) -> None:
    asked = dict(parse_qsl(query, strict_parsing=True))
    state = State.from_query(asked)
    assert state.ignored(asked) == () and state.hide in HIDEABLE
    for name in asked:  # a value that is not on its slider would be moved
        assert name in dict(parse_qsl(state.query())) or name == "hide"


def test_lessons_are_six_and_short() -> None:
    assert len(LESSONS) == 6 and all(5 <= lesson.minutes <= 10 and len(lesson.steps) >= 4 and len(lesson.questions) >= 2 for lesson in LESSONS)
    assert all(3 <= len(question.options) <= 4 for question in QUESTIONS.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_part_of_the_course_has_its_texts(language) -> None:
    texts = load_texts(language)
    for lesson in LESSONS:
        key = f"lessons.course.{lesson.key}"
        assert all(texts(f"{key}.{part}") for part in ("title", "aim", "watch"))
        assert all(texts(f"{key}.steps.{step.key}.{part}") for step in lesson.steps for part in ("do", "look"))
        for question in lesson.questions:
            assert texts(f"{key}.questions.{question.key}.ask")
            assert all(texts(f"{key}.questions.{question.key}.options.{option}") for option in question.options)
    known = {f"lessons.course.{lesson}.questions.{question}.told" for lesson, question in QUESTIONS}
    assert known == {key for key in texts.entries if key.startswith("lessons.course.") and key.endswith(".told")}


@pytest.mark.parametrize(
    ("lesson", "opencv"), [("average", lambda dot: cv2.blur(dot, (3, 3))), ("median", lambda dot: cv2.medianBlur(dot, 3))], ids=["average", "median"]
)
def test_the_white_dot(lesson, opencv) -> None:
    dot = np.zeros((SIDE, SIDE), np.uint8)
    dot[SIDE // 2, SIDE // 2] = 255
    level = int(opencv(dot).max())
    answer = measured(lesson, "dot")
    assert answer.numbers == {"level": level} and answer.right == str(level)


def test_stripes_are_turned_over() -> None:
    stripes = np.zeros((SIDE, SIDE), np.uint8)
    stripes[:, 1::2] = 255
    row = cv2.blur(stripes, (3, 3))[7]
    answer = measured("average", "stripes")
    assert (answer.numbers["black"], answer.numbers["white"]) == (row[6], row[7])
    assert row[6] > row[7] and answer.right == "swapped"
    fair = answers.stripes(scene("blur=average&blur_size=5", load_texts("en")))
    assert fair.right == "same" and fair.numbers["white"] > fair.numbers["black"]
    assert answers.stripes(scene("blur=gaussian&blur_size=3", load_texts("en"))).right == "grey"


def test_the_median_cleans_salt_and_pepper_best() -> None:
    sharp = garment(22)
    chance = np.random.default_rng(0).random(sharp.shape)
    noisy = np.where(chance < 0.25, 0, np.where(chance > 0.75, 1, sharp)).astype(np.float32)
    assert 0.45 < np.mean((chance < 0.25) | (chance > 0.75)) < 0.55
    made = {"nothing": noisy, "average": cv2.blur(noisy, (5, 5)), "gaussian": cv2.GaussianBlur(noisy, (5, 5), 0), "median": cv2.medianBlur(noisy, 5)}
    answer = measured("median", "salt")
    for name, picture in made.items():
        assert answer.numbers[name] == pytest.approx(100 * np.sum((picture - sharp) ** 2) / np.sum(sharp**2), rel=1e-3), name
    assert answer.right == min(made, key=lambda name: answer.numbers[name]) == "median"


def test_the_bilateral_protects_an_edge_on_one_scale_only() -> None:
    answer = measured("bilateral", "weight")
    assert answer.numbers["meant"] == pytest.approx(100 * np.exp(-(255**2) / (2 * 75**2)))
    assert answer.numbers["trap"] == pytest.approx(100 * np.exp(-1 / (2 * 75**2)))
    assert answer.right == "none"


def test_the_trap_is_a_disk() -> None:
    sharp = garment().astype(np.float32)
    rows, columns = np.mgrid[-4:5, -4:5]
    disk = (rows**2 + columns**2 <= 16).astype(np.float64)
    averaged = cv2.filter2D(sharp.astype(np.float64), -1, disk / disk.sum(), borderType=cv2.BORDER_REFLECT_101)
    filtered = cv2.bilateralFilter(sharp, 9, 75, 75, borderType=cv2.BORDER_REFLECT_101)
    answer = measured("bilateral", "disk")
    assert answer.numbers["pixels"] == disk.sum() == 49
    assert answer.numbers["away"] == pytest.approx(255 * np.abs(filtered - averaged).max(), abs=0.002) and answer.right == "equal"
    meant = answers.distance_to_disk(scene("blur=bilateral&blur_scale=0-255", load_texts("en")))
    assert meant.right == "different"


def test_rounding_ruins_the_exact_inverse() -> None:
    sharp = garment()
    blur = matrix(lambda point: cv2.blur(point, (5, 5)))
    exact = (blur @ sharp.ravel()).reshape(28, 28)
    rounded = stored(exact)
    undone = np.clip(np.linalg.solve(blur, rounded.ravel()), 0, 1).reshape(28, 28)
    answer = measured("lost", "rounding")
    assert answer.numbers["rounded"] == pytest.approx(psnr(undone, sharp), abs=0.2)
    assert answer.numbers["blurred"] == pytest.approx(psnr(rounded, sharp), abs=0.01)
    assert answer.numbers["exact"] > 100 < psnr(np.linalg.solve(blur, exact.ravel()).reshape(28, 28), sharp)
    assert answer.right == "between"


def test_lost_details_are_counted_by_the_svd() -> None:
    gains = np.linalg.svd(matrix(lambda point: cv2.blur(point, (9, 9))), compute_uv=False)
    lost = int(np.sum(gains < 1 / 255 / 12**0.5))
    answer = measured("lost", "details")
    assert answer.numbers == {"lost": lost, "count": 784}
    assert answer.right == "hundreds" and 100 <= lost < 400


def test_a_fit_of_65_numbers_does_what_the_network_does() -> None:
    from deblur import weights

    network = weights.load("thesis-gaussian")
    pictures = np.random.default_rng(1).random((6, 40, 40), np.float32)
    outputs = np.asarray(network(pictures[..., None]))[..., 0].astype(np.float64)
    windows = np.lib.stride_tricks.sliding_window_view(pictures, (8, 8), axis=(1, 2)).reshape(6, 33, 33, 64)

    def misfit(down: int, across: int) -> float:
        """How badly 64 weights and a bias explain the network where its answer is not cut, for one place of the window."""
        inner = outputs[:, 8 + down : 25 + down, 8 + across : 25 + across].ravel()
        reads = np.concatenate([windows[:, 8:25, 8:25].reshape(-1, 64), np.ones((len(inner), 1))], axis=1)
        uncut = (inner > 0.02) & (inner < 0.98)
        before_sigmoid = np.log(inner[uncut] / (1 - inner[uncut]))
        fitted = np.linalg.lstsq(reads[uncut], before_sigmoid, rcond=None)[0]
        return float(np.abs(1 / (1 + np.exp(-reads[uncut] @ fitted)) - inner[uncut]).max())

    assert min(misfit(down, across) for down in (3, 4) for across in (3, 4)) < 1e-3
    answer = measured("network", "numbers")
    assert answer.right == "65" and answer.numbers["needed"] == 65 and answer.numbers["whole"] == network.count_params() == 22057
    assert answer.numbers["away"] < 0.5


def test_the_training_record_says_when_it_began_to_help() -> None:
    with (WEIGHTS / "thesis-gaussian.csv").open() as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    sharp = load_fashion_mnist("test")[0][: answers.GARMENTS]
    nothing = np.mean([np.mean((cv2.GaussianBlur(image, (3, 3), 0) / 255 - image / 255) ** 2) for image in sharp])
    first = next(epoch for epoch, loss in enumerate(losses, 1) if loss < nothing)
    answer = measured("network", "epochs")
    assert answer.numbers["epoch"] == first and answer.numbers["epochs"] == len(losses) == 100
    assert answer.numbers["nothing"] == pytest.approx(-10 * np.log10(nothing))
    assert answer.numbers["second"] == pytest.approx(-10 * np.log10(losses[1])) and answer.numbers["second"] < answer.numbers["nothing"]
    assert answer.numbers["last"] == pytest.approx(-10 * np.log10(losses[-1])) and answer.right == "few"


def test_two_lines_of_tikhonov_beat_the_network() -> None:
    from deblur import weights

    network = weights.load("thesis-gaussian")
    sharp = load_fashion_mnist("test")[0][: answers.GARMENTS]
    blurred = np.stack([cv2.GaussianBlur(image, (3, 3), 0) for image in sharp]) / 255
    blur = matrix(lambda point: cv2.GaussianBlur(point, (3, 3), 0))
    slope = np.eye(28, k=1)[:-1] - np.eye(28)[:-1]
    slopes = np.concatenate([np.kron(slope, np.eye(28)), np.kron(np.eye(28), slope)])
    balance = (1 / 255) ** 2 / 12 / 0.05
    tikhonov = np.linalg.solve(blur.T @ blur + balance * slopes.T @ slopes, blur.T @ blurred.reshape(-1, 784).T).T.reshape(-1, 28, 28)
    answers_of = {"nothing": blurred, "network": np.asarray(network(blurred[..., None].astype(np.float32)))[..., 0], "formula": np.clip(tikhonov, 0, 1)}
    answer = measured("network", "rivals")
    for name, pictures in answers_of.items():
        mean = np.mean([psnr(picture, image / 255) for picture, image in zip(pictures, sharp, strict=True)])
        assert answer.numbers[name] == pytest.approx(mean, abs=0.3 if name == "formula" else 0.01), name
    assert answer.right == "formula" and answer.numbers["garments"] == answers.GARMENTS


def test_plain_division_of_noise_is_worse_than_nothing() -> None:
    sharp = garment()
    blur = matrix(lambda point: cv2.GaussianBlur(point, (5, 5), 0))
    clean = cv2.GaussianBlur(sharp.astype(np.float32), (5, 5), 0)
    noisy = stored(clean + np.random.default_rng(0).normal(0, 0.02, sharp.shape))
    undone = np.clip(np.linalg.solve(blur, noisy.ravel()), 0, 1).reshape(28, 28)
    answer = measured("noise", "naive")
    assert answer.numbers["blurred"] == pytest.approx(psnr(noisy, sharp), abs=0.01)
    assert answer.numbers["restored"] == pytest.approx(psnr(undone, sharp), abs=0.3) and answer.right == "worse"


def test_more_rounds_of_richardson_lucy_are_not_better() -> None:
    sharp = garment()
    blur = matrix(lambda point: cv2.GaussianBlur(point, (5, 5), 0))
    clean = cv2.GaussianBlur(sharp.astype(np.float32), (5, 5), 0)
    noisy = stored(clean + np.random.default_rng(0).normal(0, 0.05, sharp.shape)).ravel()
    guess, reached = np.full(784, 0.5), {}
    for rounds in range(1, 201):
        guess = guess * (blur.T @ (noisy / np.maximum(blur @ guess, 1e-6))) / (blur.T @ np.ones(784))
        reached[rounds] = psnr(np.clip(guess, 0, 1).reshape(28, 28), sharp)
    answer = measured("noise", "rounds")
    for rounds in (1, 20, 200):
        assert answer.numbers[f"num_iter_{rounds}"] == pytest.approx(reached[rounds], abs=0.1)
    assert answer.right == "20"
