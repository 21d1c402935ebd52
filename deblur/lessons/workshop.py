"""One training at a time: in a process of its own, bounded in time and memory, with a line of those who wait.

The process has one core's share of threads and a low priority, so that whoever serves pages meanwhile stays quick. It ends when it is stopped,
when its time is over, when nobody looks at it any more, and when the process that started it is gone, however that went.

`python -m deblur.lessons.workshop` is that process: it reads what to train from its standard input and writes epochs to its standard output.
"""

import logging
import os
import pickle
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from deblur.lessons.trainer import Epoch, Recipe, train
from deblur.reasons import InputError

Ending = Literal["done", "stopped", "time", "failed"]

SECONDS_VARIABLE = "TRAINING_SECONDS"  # for whoever hosts the page on a slower or a busier machine
SECONDS = float(os.environ.get(SECONDS_VARIABLE) or 120)  # a training may take, its start included
MEMORY = 3 * 2**30  # bytes a training may hold; TensorFlow alone takes 1.5 GB of them
PLACES = 8  # in the line behind the one that trains
PATIENCE = 15.0  # s: whoever does not look for so long has left
PRIORITY = 5  # added to the niceness: on two busy cores it gets a quarter of one, and still gets on
ROOT = Path(__file__).parents[2]
ALONE = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"),
    "CUDA_VISIBLE_DEVICES": "",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


@dataclass(frozen=True)
class Status:
    """Where a training stands.

    Attributes:
        ahead: How many others come first; 0 once it is its turn.
        epochs: What there was to see so far.
        ending: Why nothing more comes; None while something does.
    """

    ahead: int
    epochs: tuple[Epoch, ...]
    ending: Ending | None


class Job:
    """One training: waiting, running or ended. Whoever wants it has to `look` now and then."""

    def __init__(self, workshop: "Workshop", recipe: Recipe, shown: Sequence[int]) -> None:
        self.recipe, self.shown = recipe, tuple(shown)
        self.process: subprocess.Popen[bytes] | None = None
        self.seen = time.monotonic()
        self._workshop = workshop
        self._epochs: list[Epoch] = []
        self._ending: Ending | None = None
        self._gone = threading.Event()

    def look(self) -> Status:
        """Say where it stands; start it if its turn has come."""
        self.seen = time.monotonic()
        ahead = self._workshop.ahead(self)
        over = self._gone.is_set() or self.process is None
        ending = self._ending if over else None  # first this, then the epochs: none may come between
        return Status(ahead, tuple(self._epochs), ending)

    def stop(self, ending: Ending = "stopped") -> None:
        """End it, waiting or running; what was seen stays. The second ending counts for nothing."""
        self._workshop.end(self, ending)

    def end(self, ending: Ending) -> None:
        """Say that it is over and kill what runs; the workshop calls this, so that nothing starts meanwhile."""
        self._ending = self._ending or ending
        if self.process is not None and not self._gone.is_set():
            self.process.kill()

    def start(self) -> None:
        """Start the process; the workshop calls this when the turn has come."""
        complaints = tempfile.TemporaryFile()  # noqa: SIM115 (the reader closes it)
        words = [sys.executable, "-m", __name__, str(self._workshop.memory)]
        self.process = subprocess.Popen(
            words, cwd=ROOT, env={**os.environ, **ALONE}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints
        )
        threading.Thread(target=self._read, args=(self.process, complaints), daemon=True).start()
        threading.Thread(target=self._guard, daemon=True).start()

    def _read(self, process: "subprocess.Popen[bytes]", complaints: "tempfile._TemporaryFileWrapper[bytes]") -> None:
        """Take in epoch after epoch until there are no more."""
        try:
            with process, complaints:
                assert process.stdin and process.stdout
                with suppress(EOFError, OSError, pickle.UnpicklingError):  # it is over, perhaps in the middle of a word
                    pickle.dump((self.recipe, self.shown), process.stdin)
                    process.stdin.flush()  # it stays open: its end tells the process that nobody is left
                    while True:
                        self._epochs.append(pickle.load(process.stdout))
                status = process.wait()
                self._ending = self._ending or ("done" if status == 0 else "failed")
                if self._ending == "failed":
                    complaints.seek(0)
                    logging.getLogger(__name__).error("a training failed (%s): %s", status, complaints.read()[-2000:].decode(errors="replace"))
        finally:
            self._ending = self._ending or "failed"
            self._gone.set()
            self._workshop.leave(self)

    def _guard(self) -> None:
        """End it when its time is over or nobody looks."""
        begun = time.monotonic()
        while not self._gone.wait(0.2):
            now = time.monotonic()
            if now - begun > self._workshop.seconds:
                self.stop("time")
            elif now - self.seen > self._workshop.patience:
                self.stop()


class Workshop:
    """Where trainings wait for their turn.

    Args:
        seconds: What one training may take.
        memory: Bytes one training may hold.
        places: How many may wait.
        patience: After how many seconds without a look its owner is taken to have left.
    """

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY, places: int = PLACES, patience: float = PATIENCE) -> None:
        self.seconds, self.memory, self.places, self.patience = seconds, memory, places, patience
        self._lock = threading.Lock()
        self._line: list[Job] = []  # the first one trains
        self._owned: dict[str, Job] = {}

    def enter(self, owner: str, recipe: Recipe, shown: Sequence[int]) -> Job:
        """Get in line. An owner has one place: an earlier one is given up.

        Raises:
            ValueError: The line is full.
        """
        self.stop(owner)
        job = Job(self, recipe, shown)
        with self._lock:
            self._forget_the_gone()
            if len(self._line) > self.places:
                raise InputError("line_full", "{count} trainings wait already: expected at most {count}. Try again in some minutes.", count=self.places)
            self._line.append(job)
            self._owned[owner] = job
        return job

    def stop(self, owner: str) -> None:
        """End this owner's training or give up the place in line, if there is one."""
        with self._lock:
            job = self._owned.get(owner)
        if job:
            job.stop()

    def busy(self, owner: str) -> bool:
        """Whether this owner waits or trains."""
        with self._lock:
            return owner in self._owned

    def ahead(self, job: Job) -> int:
        """How many come before a job; 0 as well for one that has ended. Starts it if it is first."""
        with self._lock:
            self._forget_the_gone()
            if job not in self._line:
                return 0
            place = self._line.index(job)
            if place == 0 and job.process is None:
                try:
                    job.start()
                except OSError:
                    logging.getLogger(__name__).exception("a training could not be started")
                    job.end("failed")
                    self._remove(job)
            return place

    def end(self, job: Job, ending: Ending) -> None:
        """End a job, wherever it is; one that runs keeps its place until its process is gone."""
        with self._lock:
            job.end(ending)
            if job.process is None:
                self._remove(job)

    def leave(self, job: Job) -> None:
        """Take a job out of the line."""
        with self._lock:
            self._remove(job)

    def _forget_the_gone(self) -> None:
        patient = time.monotonic() - self.patience
        for job in [job for job in self._line if job.process is None and job.seen < patient]:
            job.end("stopped")
            self._remove(job)

    def _remove(self, job: Job) -> None:
        self._line = [other for other in self._line if other is not job]
        self._owned = {owner: other for owner, other in self._owned.items() if other is not job}


def work(memory: int) -> None:
    """Be the process that trains."""
    if hasattr(os, "nice"):
        os.nice(PRIORITY)
    _hold_at_most(memory)
    epochs = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else is printed must not get between the epochs
    recipe, shown = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_leave_with_the_last, daemon=True).start()
    for epoch in train(recipe, shown):
        pickle.dump(epoch, epochs)
        epochs.flush()
    os._exit(0)  # TensorFlow takes its time to clean up


def _hold_at_most(memory: int) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def _leave_with_the_last() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    work(int(sys.argv[1]))
