"""The course: six short lessons as data. Their texts stand in the locale files of the page, their answers in `answers`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from deblur.lessons import answers
from deblur.lessons.answers import Answer, Scene


@dataclass(frozen=True)
class Step:
    """Something to try.

    Attributes:
        key: Of its texts.
        query: The state of the page it sets, as in a link; `hide` keeps a picture back until it is asked for.
    """

    key: str
    query: str


@dataclass(frozen=True)
class Question:
    """Predict, then reveal.

    Attributes:
        key: Of its texts.
        query: The state it asks about, as in a link.
        options: What can be predicted, in the order in which it is offered.
        answer: Computes which option is right, from that state.
    """

    key: str
    query: str
    options: tuple[str, ...]
    answer: Callable[[Scene], Answer]


@dataclass(frozen=True)
class Lesson:
    """Five to ten minutes.

    Attributes:
        key: Of its texts.
        minutes: How long it takes a class.
        steps: In order.
        questions: To be asked after the steps.
    """

    key: str
    minutes: int
    steps: tuple[Step, ...]
    questions: tuple[Question, ...]


_BILATERAL = "blur=bilateral&blur_diameter=9&blur_sigma_color=75&blur_sigma_space=75"
_NOISY = "blur=gaussian&blur_size=5&noise=0.02"

LESSONS = (
    Lesson(
        "average",
        6,
        (
            Step("small", "blur=average&blur_size=3&restorer=wiener&hide=restored"),
            Step("large", "blur=average&blur_size=9&restorer=wiener&hide=restored"),
            Step("gentle", "blur=gaussian&blur_size=9&blur_sigma=1.7&restorer=wiener&hide=restored"),
            Step("idle", "blur=gaussian&blur_size=31&blur_sigma=1.7&restorer=wiener&hide=restored"),
        ),
        (
            Question("dot", "blur=average&blur_size=3", ("255", "85", "28", "9"), answers.brightest),
            Question("stripes", "blur=average&blur_size=3", ("same", "grey", "swapped"), answers.stripes),
        ),
    ),
    Lesson(
        "median",
        7,
        (
            Step("small", "garment=22&blur=median&blur_size=3&restorer=universal&hide=restored"),
            Step("straps", "garment=82&blur=median&blur_size=7&restorer=universal&hide=restored"),
            Step("salt", "garment=22&blur=gaussian&blur_size=3&salt_pepper=0.5&restorer=wiener"),
            Step("no_kernel", "garment=22&blur=median&blur_size=5&restorer=wiener"),
        ),
        (
            Question("dot", "blur=median&blur_size=3", ("255", "28", "0"), answers.brightest),
            Question("salt", "garment=22&blur=median&blur_size=5", ("nothing", "average", "gaussian", "median"), answers.best_against_salt),
        ),
    ),
    Lesson(
        "bilateral",
        8,
        (
            Step("meant", f"{_BILATERAL}&blur_scale=0-255&restorer=universal&hide=restored"),
            Step("trap", f"{_BILATERAL}&blur_scale=0-1&restorer=universal&hide=restored"),
            Step("disk", "blur=defocus&blur_radius=4&restorer=universal&hide=restored"),
            Step("strict", "blur=bilateral&blur_diameter=9&blur_sigma_color=10&blur_sigma_space=75&blur_scale=0-255&restorer=universal&hide=restored"),
            Step("undone", f"{_BILATERAL}&blur_scale=0-255&restorer=reverse"),
        ),
        (
            Question("weight", f"{_BILATERAL}&blur_scale=0-255", ("all", "half", "none"), answers.weight_of_black),
            Question("disk", f"{_BILATERAL}&blur_scale=0-1", ("equal", "close", "different"), answers.distance_to_disk),
        ),
    ),
    Lesson(
        "lost",
        8,
        (
            Step("exact", "blur=average&blur_size=5&storage=float&restorer=inverse&restorer_floor=-6"),
            Step("rounded", "blur=average&blur_size=5&storage=8-bit&restorer=inverse&restorer_floor=-6&hide=restored"),
            Step("careful", "blur=average&blur_size=5&storage=8-bit&restorer=wiener&hide=restored"),
            Step("wide", "blur=average&blur_size=9&storage=8-bit&restorer=wiener&hide=restored"),
        ),
        (
            Question("rounding", "blur=average&blur_size=5&restorer=inverse&restorer_floor=-6", ("same", "between", "worse"), answers.after_rounding),
            Question("details", "blur=average&blur_size=9", ("few", "some", "hundreds", "most"), answers.details_lost),
        ),
    ),
    Lesson(
        "network",
        10,
        (
            Step("home", "blur=gaussian&blur_size=3&blur_sigma=0&restorer=thesis&hide=restored"),
            Step("formula", "blur=gaussian&blur_size=3&blur_sigma=0&restorer=wiener&hide=restored"),
            Step("abroad", "blur=gaussian&blur_size=7&blur_sigma=0&restorer=thesis&hide=restored"),
            Step("median", "blur=median&blur_size=5&restorer=thesis&hide=restored"),
        ),
        (
            Question("numbers", "blur=gaussian&blur_size=3&restorer=thesis", ("65", "2000", "22057"), answers.numbers_needed),
            Question("epochs", "blur=gaussian&blur_size=3&restorer=thesis", ("first", "few", "many", "never"), answers.epochs_needed),
            Question("rivals", "blur=gaussian&blur_size=3&restorer=thesis", ("nothing", "network", "formula"), answers.network_or_formula),
        ),
    ),
    Lesson(
        "noise",
        8,
        (
            Step("naive", f"{_NOISY}&restorer=inverse&restorer_floor=-6&hide=restored"),
            Step("bold", f"{_NOISY}&restorer=wiener&restorer_strength=-20"),
            Step("timid", f"{_NOISY}&restorer=wiener&restorer_strength=20"),
            Step("right", f"{_NOISY}&restorer=wiener&restorer_strength=-6"),
            Step("flat", f"{_NOISY}&restorer=total_variation&hide=restored"),
        ),
        (
            Question("naive", f"{_NOISY}&restorer=inverse&restorer_floor=-6", ("better", "similar", "worse"), answers.against_nothing),
            Question(
                "rounds", "blur=gaussian&blur_size=5&noise=0.05", ("1", "20", "200"), partial(answers.best_setting, restorer="richardson_lucy", name="num_iter")
            ),
        ),
    ),
)
