"""Trainings in a process of their own: one at a time, and none is left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deblur.degrade import Degradation
from deblur.lessons.trainer import Recipe, train
from deblur.lessons.workshop import Job, Status, Workshop
from deblur.reasons import InputError
from tests.conftest import ROOT

SHOWN = (1, 0, 13)
LONG = Recipe(Degradation(), {"garments": 4000, "epochs": 60, "activation": "relu"})
SHORT = Recipe(Degradation(), {"garments": 100, "epochs": 2, "layers": 1})
BUSY = 900.0  # s: a busy machine takes its time


def until(job: Job, fits: Callable[[Status], object]) -> Status:
    """Look until a status fits."""
    end = time.monotonic() + BUSY
    while not fits(status := job.look()):
        assert time.monotonic() < end, status
        time.sleep(0.05)
    return status


def alive(number: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked about does not."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    entry = Path(f"/proc/{number}/stat")
    return not entry.exists() or entry.read_text().split()[2] != "Z"


def gone(number: int) -> None:
    end = time.monotonic() + BUSY
    while alive(number):
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def workshop():
    made = Workshop(seconds=BUSY)
    yield made
    for owner in ("one", "two", "three"):
        made.stop(owner)


def test_the_process_learns_what_this_one_would(workshop) -> None:
    job = workshop.enter("one", SHORT, SHOWN)
    status = until(job, lambda status: status.ending)
    assert status.ending == "done" and not alive(job.process.pid)
    here = list(train(SHORT, SHOWN))
    assert [epoch.number for epoch in status.epochs] == [0, 1, 2]
    assert [epoch.held.error for epoch in status.epochs] == pytest.approx([epoch.held.error for epoch in here], rel=1e-3)


def test_the_second_waits_its_turn_and_stopping_keeps_what_was_learned(workshop) -> None:
    first, second, third = (workshop.enter(owner, recipe, SHOWN) for owner, recipe in (("one", LONG), ("two", SHORT), ("three", SHORT)))
    assert (first.look().ahead, second.look().ahead, third.look().ahead) == (0, 1, 2)
    until(first, lambda status: second.look().ahead == 1 and third.look().ahead == 2 and status.epochs)
    assert second.process is None
    workshop.stop("two")
    assert second.look() == Status(0, (), "stopped") and third.look().ahead == 1
    number = first.process.pid
    first.stop()
    status = until(first, lambda status: status.ending)
    assert status.ending == "stopped" and len(status.epochs) >= 1
    assert not alive(number)  # before the next one starts
    assert until(third, lambda status: status.ending).ending == "done"
    assert not workshop.busy("three")


def test_an_owner_has_one_place(workshop) -> None:
    first = workshop.enter("one", LONG, SHOWN)
    first.look()
    second = workshop.enter("one", SHORT, SHOWN)
    assert until(first, lambda status: status.ending).ending == "stopped"
    assert second.look().ending is None and workshop.busy("one")


def test_the_time_is_bounded_and_the_line_too() -> None:
    workshop = Workshop(seconds=0.3, places=1)
    first, second = (workshop.enter(owner, LONG, SHOWN) for owner in ("one", "two"))
    with pytest.raises(InputError, match="1 trainings wait already"):
        workshop.enter("three", SHORT, SHOWN)
    assert until(first, lambda status: status.ending).ending == "time"
    gone(first.process.pid)
    second.stop()


def test_who_does_not_look_any_more_has_left() -> None:
    workshop = Workshop(seconds=BUSY, patience=0.5)
    first = workshop.enter("one", LONG, SHOWN)
    first.look()
    number = first.process.pid
    gone(number)
    idle = workshop.enter("two", LONG, SHOWN)
    time.sleep(0.6)
    assert workshop.enter("three", SHORT, SHOWN).look().ahead == 0
    assert idle.look().ending == "stopped"
    workshop.stop("three")


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded by the operating system's own means")
def test_too_much_memory_is_a_failure_that_is_said(caplog) -> None:
    workshop = Workshop(seconds=BUSY, memory=300 * 2**20)
    status = until(workshop.enter("one", SHORT, SHOWN), lambda status: status.ending)
    assert status.ending == "failed" and not status.epochs
    assert "a training failed" in caplog.text
    assert not workshop.busy("one")


def test_no_process_outlives_the_one_that_started_it() -> None:
    """Not even when that one is killed and cannot clean up."""
    script = (
        "import time; from deblur.lessons.workshop import Workshop; from tests.lessons.test_workshop import LONG, SHOWN\n"
        "job = Workshop().enter('one', LONG, SHOWN)\n"
        "job.look(); print(job.process.pid, flush=True)\n"
        "while True: job.look(); time.sleep(0.1)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        number = int(parent.stdout.readline())
        assert alive(number)
        parent.send_signal(signal.SIGKILL)
    gone(number)
