import json
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest

from deblur.__main__ import main
from deblur.blur import BLURS
from deblur.degrade import Degradation
from deblur.estimate import estimate
from deblur.image import read_image, write_image
from deblur.restore import RESTORERS

from .conftest import ROOT, photograph


@pytest.fixture
def source(tmp_path, picture):
    write_image(tmp_path / "sharp.png", picture)
    return tmp_path / "sharp.png"


@pytest.mark.parametrize("name", BLURS)
def test_blur_writes_what_python_computes(source, picture, name) -> None:
    target = source.parent / "blurred.png"
    assert main(["blur", name, str(source), str(target)]) == 0
    assert np.array_equal(read_image(target), Degradation(name).apply(picture))


def test_flags_come_from_the_parameters(source) -> None:
    target = source.parent / "blurred.png"
    assert main(["blur", "gaussian", str(source), str(target), "--size", "7", "--sigma", "1.3", "--noise", "0.02", "--seed", "4"]) == 0
    assert np.array_equal(read_image(target), Degradation("gaussian", {"size": 7, "sigma": 1.3}, 0.02).apply(read_image(source), 4))


@pytest.mark.parametrize("name", ["unsharp", "wiener", "thesis"])
def test_restore_writes_what_python_computes(source, name) -> None:
    target = source.parent / "restored.png"
    assert main(["restore", name, str(source), str(target), "--blur", "average", "--set", "size=5"]) == 0
    expected = RESTORERS[name].restore(read_image(source), Degradation("average", {"size": 5}))
    assert np.abs(read_image(target) - expected).max() < 0.51 / 255


def test_restore_takes_the_border_as_unknown(source) -> None:
    target = source.parent / "restored.png"
    assert main(["restore", "wiener", str(source), str(target), "--blur", "average", "--border", "unknown"]) == 0
    expected = RESTORERS["wiener"].restore(read_image(source), Degradation("average", border="unknown"))
    assert np.abs(read_image(target) - expected).max() < 0.51 / 255


def test_estimate_prints_flags_that_restore_takes(tmp_path, capsys) -> None:
    write_image(tmp_path / "blurred.png", Degradation("defocus", {"radius": 4}).apply(photograph((130, 121))))
    assert main(["estimate", str(tmp_path / "blurred.png")]) == 0
    lines = capsys.readouterr().out.splitlines()
    guesses = estimate(read_image(tmp_path / "blurred.png"))
    assert [line.split()[0] for line in lines] == [f"{100 * guess.confidence:.1f}" for guess in guesses]
    flags = lines[0].split("%")[1].split()
    assert main(["restore", "unsharp", str(tmp_path / "blurred.png"), str(tmp_path / "restored.png"), *flags]) == 0
    capsys.readouterr()
    assert main(["estimate", str(tmp_path / "blurred.png"), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["blur"], row["values"], row["confidence"]) for row in rows] == [
        (guess.degradation.blur if guess.degradation.blurs else None, dict(guess.degradation.values), guess.confidence) for guess in guesses
    ]
    assert sum("not blurred" in line for line in lines) == sum(row["blur"] is None for row in rows) == 1


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["blur", "gaussian", "SOURCE", "out.png", "--size", "4"], "size = 4: expected an odd whole number from 3 to 31. Try"),
        (["blur", "gaussian", "SOURCE", "out.png", "--size", "big"], "size = 'big'"),
        (["blur", "gaussian", "nowhere.png", "out.png"], "nowhere.png: there is no such file"),
        (["blur", "gaussian", "SOURCE", "out.xyz"], "expected a name that ends in"),
        (["blur", "fog", "SOURCE", "out.png"], "invalid choice"),
        (["restore", "wiener", "SOURCE", "out.png", "--blur", "median"], "no convolution"),
        (["restore", "wiener", "SOURCE", "out.png", "--blur", "gaussian", "--set", "fog=1"], "no parameter 'fog'"),
        (["restore", "wiener", "SOURCE", "out.png", "--blur", "gaussian", "--set", "size"], "'size': expected a name and a value, such as size=5"),
        (["restore", "wiener", "SOURCE", "out.png"], "required: --blur"),
        (["estimate", "nowhere.png"], "nowhere.png"),
        (["blur", "gaussian", "SOURCE", "out/out.png"], "there is no folder"),
        (["blur", "gaussian", "SOURCE", "out.png", "--seed", "-1"], "seed -1"),
        (["blur", "gaussian", "SOURCE", "out.png", "--border", "unknown"], "--border unknown: not expected here. See --help; leave it out."),
        (["restore", "wiener", "SOURCE", "out.png", "--blur", "gaussian", "--size", "5"], "takes a value of the filter as --set size=VALUE"),
        ([], "required"),
    ],
)
def test_mistakes_get_exit_status_2_and_one_clear_line(source, words, expected, capsys) -> None:
    words = [str(source) if word == "SOURCE" else str(source.parent / word) if word.startswith("out") else word for word in words]
    try:
        status = main(words)
    except SystemExit as stop:
        status = stop.code
    told = capsys.readouterr().err
    assert status == 2
    assert expected in told
    assert told.startswith("deblur: ") and len(told.splitlines()) == 1, told
    assert not list(source.parent.glob("out*"))


def test_a_mistake_in_the_program_is_not_blamed_on_the_user(source, monkeypatch) -> None:
    def broken(*given: object) -> None:
        raise ValueError("internal")

    monkeypatch.setattr("deblur.__main__.read_image", broken)
    with pytest.raises(ValueError, match="internal"):
        main(["blur", "gaussian", str(source), str(source.parent / "out.png")])


@pytest.mark.parametrize(("words", "lines"), [(["--blur", "motion"], 1), (["--blur", "gaussian"], 0)])
def test_what_a_network_was_not_trained_for_is_noted(source, words, lines) -> None:
    """In a process of its own, where TensorFlow has not been loaded: its log stays off the screen."""
    target = source.parent / "restored.png"
    command = [sys.executable, "-m", "deblur", "restore", "thesis", str(source), str(target), *words]
    talkative = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    done = subprocess.run(command, cwd=ROOT, env=talkative, capture_output=True, text=True, check=True)
    told = done.stderr.splitlines()
    assert target.is_file()
    assert len(told) == lines, done.stderr
    assert all(line.startswith("deblur: note: thesis-gaussian was trained on gaussian size 3") for line in told)


def test_a_reader_that_has_read_enough_is_no_mistake(source) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([sys.executable, "-m", "deblur", "estimate", str(source)], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_help_is_complete() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deblur", "blur", "bilateral", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for param in BLURS["bilateral"].params:
        assert f"--{param.name.replace('_', '-')}" in done.stdout and param.expected.split(" from")[0] in " ".join(done.stdout.split())


def test_colour_files_stay_in_colour(tmp_path) -> None:
    levels = (255 * photograph((20, 30, 3))).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "sharp.png"), levels[:, :, ::-1])
    main(["blur", "average", str(tmp_path / "sharp.png"), str(tmp_path / "blurred.png")])
    assert np.array_equal(cv2.imread(str(tmp_path / "blurred.png"))[:, :, ::-1], cv2.blur(levels, (3, 3)))
