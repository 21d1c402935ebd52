"""The page's parts that need no browser: texts, state, controls, panels."""

import ast
import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pytest

from deblur import cards, params
from deblur.blur import BLURS
from deblur.data import CLASSES
from deblur.degrade import AFTER_BLUR
from deblur.image import to_bytes
from deblur.restore import RESTORERS
from deblur.ui import details, inside, lost, play
from deblur.ui.state import GARMENT, YOURS, State
from deblur.ui.texts import FOLDER, LANGUAGES, digits, load_texts, signed

from .conftest import ROOT, photograph


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_texts_with_the_same_fields(language) -> None:
    english, other = load_texts("en").entries, load_texts(language).entries
    assert set(english) == set(other)
    for key, text in english.items():
        if key != "reason.bad_weights":  # what exactly is wrong with a file is told in English alone
            assert set(re.findall(r"{(\w+)", text)) == set(re.findall(r"{(\w+)", other[key])), key


def reasons() -> list[tuple[str, str, set[str]]]:
    """Every refusal that the source can make: file, code, names of its fields."""
    found = []
    for path in (ROOT / "deblur").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Reason", "InputError")
            if named and isinstance(node.args[0], ast.Constant):
                found.append((path.name, node.args[0].value, {keyword.arg for keyword in node.keywords}))
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_has_its_text_made_of_its_fields(language) -> None:
    texts = load_texts(language)
    assert len({code for _, code, _ in reasons()}) > 40
    for path, code, fields in reasons():
        text = texts.get(f"reason.{code}")
        assert text, f"{path}: reason.{code} has no text in {language}"
        assert set(re.findall(r"{(\w+)", text)) <= fields, f"{path}: {code}"


def test_a_refusal_is_told_in_the_visitors_language() -> None:
    with pytest.raises(ValueError) as refused:
        BLURS["gaussian"](photograph((30, 30)), size=4)
    assert load_texts("es").reason(refused.value.reason) == "size = 4 no está permitido. Prueba con 5."


def test_locale_files_repeat_no_key() -> None:
    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys)), keys
        return dict(pairs)

    for language in LANGUAGES:
        json.loads((FOLDER / f"{language}.json").read_text(), object_pairs_hook=unique)


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_registered_has_its_texts(language) -> None:
    texts = load_texts(language)
    for kind, registry in (("blur", BLURS), ("restorer", RESTORERS)):
        for name, entry in registry.items():
            assert texts(f"{kind}.{name}.label") and texts(f"{kind}.{name}.info")
            for param in entry.params:
                assert texts(f"{kind}.{name}.{param.name}.label") and texts(f"{kind}.{name}.{param.name}.info")
                for option in getattr(param, "options", ()):
                    assert texts(f"{kind}.{name}.{param.name}.options.{option}")
                if getattr(param, "unit", ""):
                    assert texts(f"unit.{param.unit}")
    for param in AFTER_BLUR:
        assert texts(f"after.{param.name}.label") and texts(f"after.{param.name}.info")
    assert all(texts(f"class.{name}") for name in CLASSES)


def test_no_text_for_visitors_stands_in_python() -> None:
    """Words between tags, in labels or in alternative texts come from the locale files; the page's own name is no text."""
    for path in (ROOT / "deblur" / "ui").glob("*.py"):
        tree = ast.parse(path.read_text().replace("Deblur playground", ""))
        documentation = {
            ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module)
        }
        words = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        visible = [
            word for word in words if word not in documentation and re.search(r">\s*[A-Za-z]{3,} [a-z]{2,}", word) and "=>" not in word
        ]
        assert not visible, path.name


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, "0"),
        (20.44, "20.4"),
        (4.391, "4.39"),
        (0.05882, "0.0588"),
        (137.2, "137"),
        (1234.0, "1234"),
        (-3.204, "−3.20"),
        (float("inf"), "∞"),
        (1e-9, "0"),
    ],
)
def test_numbers_have_three_digits_and_no_exponent(number, written) -> None:
    assert digits(number) == written


def test_signed_numbers_show_their_sign() -> None:
    assert (signed(8.123), signed(-3.2), signed(0)) == ("+8.12", "−3.20", "0")


@pytest.mark.parametrize("blur", BLURS)
@pytest.mark.parametrize("restorer", RESTORERS)
def test_a_state_survives_its_link(blur, restorer) -> None:
    rng = np.random.default_rng(3)

    def drawn(entries) -> dict[str, params.Value]:
        from deblur.degrade import draw_value

        return {param.name: draw_value(rng, param) for param in entries}

    after = drawn(AFTER_BLUR) | {"storage": "jpeg"}
    state = State(77, GARMENT, blur, drawn(BLURS[blur].params), after, restorer, drawn(RESTORERS[restorer].params))
    query = {name: values[0] for name, values in parse_qs(state.query()).items()}
    assert State.from_query(query) == state


@pytest.mark.parametrize("value", ["", "nan", "inf", "-1e999", "9" * 400, "<script>", "4", "-7", "0.37", None, True, [], 1e300])
def test_nonsense_in_a_link_becomes_an_allowed_state(value) -> None:
    keys = ["garment", "blur", "restorer", *(param.name for param in AFTER_BLUR)]
    keys += [f"blur_{param.name}" for blur in BLURS.values() for param in blur.params]
    keys += [f"restorer_{param.name}" for restorer in RESTORERS.values() for param in restorer.params]
    for blur in BLURS:
        for restorer in RESTORERS:
            State.from_query(dict.fromkeys(keys, value) | {"blur": blur, "restorer": restorer}).degradation  # noqa: B018 - it is checked when made


@pytest.mark.parametrize("blur", BLURS)
@pytest.mark.parametrize("restorer", RESTORERS)
@pytest.mark.parametrize("extreme", ["low", "default", "high"])
def test_no_combination_of_controls_leaves_an_empty_panel(blur, restorer, extreme) -> None:
    def pick(entries) -> dict[str, params.Value]:
        return {param.name: getattr(param, extreme, param.default) for param in entries}

    state = State(5, YOURS, blur, pick(BLURS[blur].params), pick(AFTER_BLUR), restorer, pick(RESTORERS[restorer].params))
    html = play.stage(state, to_bytes(photograph((17, 23, 3))), load_texts("en"))
    assert html.count("<figure") == 3
    assert "nan" not in html.split("verdict")[1].lower()
    assert html.count('class="picture') + html.count('class="instead"') == 3
    assert "brought back" in html or "worse" in html or "changed nothing" in html or 'class="instead"' in html


def test_the_gain_is_told_in_words_even_when_negative() -> None:
    texts = load_texts("en")
    worse = State(blur="gaussian", after={"noise": 0.2}, restorer="unsharp", own={"radius": 5.0, "amount": 5.0})
    assert "worse than doing nothing (−" in play.stage(worse, None, texts)
    better = State(restorer="wiener")
    assert re.search(r"brought back [\d.]+ % of that \(\+", play.stage(better, None, texts))


def test_the_page_comes_up_without_tensorflow() -> None:
    script = (
        "import sys; sys.modules['tensorflow'] = None; sys.modules['keras'] = None\n"
        "import os; os.environ['GRADIO_ANALYTICS_ENABLED'] = 'False'\n"
        "from deblur.ui import page; demo = page.build(); print(len(demo.blocks))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 50


def test_the_core_is_light_to_import() -> None:
    script = "import sys, deblur, deblur.blur, deblur.degrade, deblur.restore, deblur.metrics; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert not {"gradio", "keras", "tensorflow", "matplotlib", "skimage"} & set(done.stdout.split())


def test_favicon_and_style_are_there() -> None:
    assert (Path(play.__file__).parent / "style.css").is_file() and (Path(play.__file__).parent / "favicon.svg").is_file()


@pytest.mark.parametrize("blur", BLURS)
@pytest.mark.parametrize("place", [(0, 0), (27, 27), (13, 5), (-4, 99)])
def test_the_microscope_says_what_the_stored_picture_says(blur, place) -> None:
    texts = load_texts("en")
    state = State.from_query({"blur": blur, "restorer": "unsharp"})
    html, row, column = inside.view(state, None, *place, texts)
    stored = to_bytes(state.degradation.apply(play.sharp_picture(state, None, texts)[0]))[row, column]
    assert f"OpenCV says {stored}, this arithmetic says {stored}." in html
    assert (row, column) == (min(max(place[0], 0), 27), min(max(place[1], 0), 27))


COMPARISON = """
import gradio as gr
from deblur.ui import play
from deblur.ui.texts import load_texts

with gr.Blocks() as page:
    controls, *_ = play.build(load_texts("en"))
events = {getattr(event.fn, "__name__", ""): event.fn for event in page.fns.values()}
sees, values = play.Sight(), [component.value for component in controls.by_key.values()]
events["look"](None, sees, *values)
rows, waiting = (events["compare_restorers"](None, sees, *values) for _ in range(2))
assert "figure" in next(rows)
events["live"](None, None, sees, ("", ()), *values)  # the same state once more
assert "figure" in next(rows)
moved = [9 if key == "blur.gaussian.size" else value for key, value in zip(controls.by_key, values, strict=True)]
events["live"](None, None, sees, ("", ()), *moved)
assert list(rows) == list(waiting) == []  # the one under way, and the one that stood in line
"""


def test_a_comparison_that_nobody_waits_for_any_more_ends() -> None:
    done = subprocess.run([sys.executable, "-c", COMPARISON], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_without_the_universal_networks_weights_the_page_opens_with_a_classical_restorer(monkeypatch) -> None:
    from deblur.ui import state

    assert state.default_restorer() == "universal"
    broken = dataclasses.replace(RESTORERS["universal"], refuses=lambda *_, **__: cards.refused("universal", "damaged").reason)
    monkeypatch.setitem(RESTORERS, "universal", broken)
    assert state.default_restorer() == "wiener"
    shown = play.stage(State.from_query({"restorer": "universal"}), None, load_texts("en"))
    assert "network universal cannot be used: damaged" in shown and 'class="instead"' in shown


@pytest.mark.parametrize("blur", BLURS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_lost_answers_its_questions_for_every_filter(blur, language) -> None:
    texts = load_texts(language)
    state = State.from_query({"blur": blur, "restorer": "unsharp"})
    for part, question in ((lost.twin, "twins"), (lost.storage, "storages"), (lost.invented, "invented")):
        html = lost.view(part, state, None, texts)
        assert html.count('<section class="lost">') == 1 and texts(f"lost.{question}.question") in html
    if state.degradation.psf is None:
        with pytest.raises(ValueError, match="no convolution"):
            details.view(state, (28, 28), None, None, texts)
        return
    html, level, number = details.view(state, (28, 28), None, None, texts)
    spectrum = np.linalg.svd(matrix(state.degradation), compute_uv=False)
    below = int(np.sum(spectrum < state.degradation.noise_variance**0.5))
    assert texts("details.finding_noise", count=784, lost=below, floor="0.289") in html
    assert level == pytest.approx(255 / 255 / 12**0.5) and number == 784 - below + 1
    at_ten = texts("details.finding", count=784, lost=int(np.sum(spectrum < 10 / 255)), floor="10.0")
    assert at_ten in details.view(state, (28, 28), 10.0, 5, texts)[0]


def matrix(degradation) -> np.ndarray:
    """The blur of a garment as 784 × 784 numbers, made of its answers to 784 points."""
    points = np.eye(784, dtype=np.float32).reshape(784, 28, 28)
    return np.stack([degradation.reblur(point).ravel() for point in points], axis=1).astype(np.float64)


def test_the_microscope_shows_the_code_of_the_state() -> None:
    html, _, _ = inside.view(State.from_query({"blur": "gaussian", "blur_size": "7"}), None, 3, 3, load_texts("en"))
    assert html.count("<pre>") == 5
    assert "cv2.GaussianBlur" in html and "python -m deblur blur gaussian" in html
