"""Run a student's code so that it can neither hang, nor flood, nor disturb the notebook."""

import ctypes
import io
import random
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TextIO

import numpy as np

from gdviz.arguments import as_number

MAX_LINES = 20
"""So many lines of what the code prints are kept ..."""
MAX_CHARACTERS = 4000
"""... and so many characters, whichever comes first."""
GRACE = 1.0
"""Seconds given to code that is out of time to let itself be stopped."""


class TimeIsUp(SystemExit):
    """Ends a thread: no `except Exception` catches it, and a thread that dies of it is silent."""


@dataclass
class Outcome:
    """What became of the code.

    Attributes
    ----------
    values : list
        The values it gave before it ended, failed or ran out of time.
    error : BaseException or None
        What it raised.
    timed_out, still_running : bool
        Whether it ran out of time, and whether it then refused to be stopped.
    printed : str
        What it wrote to stdout and stderr, at most 20 lines and a note on what was withheld.
    warnings : tuple of str
        The warnings it caused, each once.
    """

    values: list[Any] = field(default_factory=list)
    error: BaseException | None = None
    timed_out: bool = False
    still_running: bool = False
    printed: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def where_stopped(self) -> str:
        """What to tell of code that ran out of time."""
        told = (
            f"It was stopped in call {len(self.values) + 1}. Is there a loop whose condition stays "
            "true? If it is only slow, give it more time with seconds=..."
        )
        if self.still_running:
            told += " It could not be stopped and goes on in the background: restart the kernel."
        return told


def as_seconds(seconds: float) -> float:
    """Return a time limit, or say why it is none."""
    limit = as_number("seconds", seconds)
    if limit <= 0:
        raise ValueError(f"seconds must be positive, got {limit:g}: try seconds=5")
    return limit


def run_guarded(steps: Iterator[Any], seconds: float) -> Outcome:
    """Collect the values of ``steps`` in a thread of its own, for at most ``seconds``.

    A thread can be told to stop on every platform and from every thread: an exception is raised
    in it from outside. That reaches all Python code, loops with a bare `except` included (it is
    raised again and again), but not a single long call into C such as `time.sleep(60)`: then the
    thread is left behind and stops when that call returns. Output is caught where it passes
    through `sys.stdout` or `sys.stderr`, which leaves out subprocesses and `display`.

    Streams, warning filters and the global random states are afterwards as they were; an
    interrupt (KeyboardInterrupt) stops the thread and then goes its usual way.
    """
    outcome = Outcome()
    worker = _Worker(steps, outcome)
    printed = _Printed()
    numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002
    try:
        with (
            warnings.catch_warnings(record=True) as caught,
            redirect_stdout(_Stream(worker, printed, sys.stdout)),
            redirect_stderr(_Stream(worker, printed, sys.stderr)),
        ):
            warnings.simplefilter("default")
            try:
                worker.start()
                outcome.timed_out = not worker.ends_within(seconds)
            finally:
                outcome.still_running = not worker.stop()
    finally:
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)
    outcome.printed = str(printed)
    outcome.warnings = tuple(
        dict.fromkeys(f"{warning.category.__name__}: {warning.message}" for warning in caught)
    )
    return outcome


class _Worker(threading.Thread):
    """The thread that the student's code runs in."""

    def __init__(self, steps: Iterator[Any], outcome: Outcome) -> None:
        super().__init__(daemon=True)
        self.steps = steps
        self.outcome = outcome
        self.gate = threading.Lock()
        self.finished = False
        # Not left to Thread.join and is_alive: interrupted, they take a running thread for dead.
        self.ended = threading.Event()

    def run(self) -> None:
        try:
            self.collect()
        except TimeIsUp as stop:
            stop.__class__.__init__ = SystemExit.__init__  # type: ignore[method-assign]
        # Behind the gate nothing more is sent; what is on its way arrives in here, if anywhere.
        calm = False
        while not calm:
            try:
                with self.gate:
                    self.finished = True
                time.sleep(0)
                calm = True
            except TimeIsUp as stop:
                stop.__class__.__init__ = SystemExit.__init__  # type: ignore[method-assign]
        self.ended.set()

    def collect(self) -> None:
        try:
            with np.errstate(divide="warn", over="warn", invalid="warn", under="ignore"):
                for value in self.steps:
                    self.outcome.values.append(value)
        except TimeIsUp:
            raise
        except BaseException as error:  # a student's exit() is to be reported, too
            self.outcome.error = error

    def ends_within(self, seconds: float) -> bool:
        """Wait in short naps: on some platforms a long one could not be interrupted."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if self.ended.wait(min(left, 0.05)):
                break
        return self.ended.is_set()

    def stop(self) -> bool:
        """Raise `TimeIsUp` in the thread until it ends; return whether it did."""
        deadline = time.monotonic() + GRACE
        while self.ident is None and time.monotonic() < deadline:
            time.sleep(0.001)  # interrupted while it was being started
        stop = ctypes.py_object(_recurring(self.ident))
        while not self.ended.is_set() and time.monotonic() < deadline:
            if self.gate.acquire(timeout=0.05):
                if not self.finished:
                    _raise_in_thread(self.ident, stop)
                self.gate.release()
            self.ended.wait(0.05)
        if self.ended.is_set():
            self.join()
        return self.ended.is_set()


_raise_in_thread = ctypes.PYFUNCTYPE(None, ctypes.c_ulong, ctypes.py_object)(
    ("PyThreadState_SetAsyncExc", ctypes.pythonapi)
)
"""Raise an exception at a thread's next call or turn of a loop.

Not to be taken back with NULL: CPython 3.11 then checks for exceptions at every turn, and a
profiler or debugger makes an endless loop of that.
"""


def _recurring(thread: int | None) -> type[TimeIsUp]:
    """Return an exception that a bare `except` cannot hold: being caught, it is raised once more.

    A loop such as `while True: try: ... except: pass` catches the first one and is then, no
    longer inside its `try`, hit by the second. A Python function as ``__init__`` would be hit
    itself, a partial object of a C function is not.
    """
    stop = type("TimeIsUp", (TimeIsUp,), {})
    stop.__init__ = partial(_raise_in_thread, thread, stop)  # type: ignore[misc]
    return stop


class _Printed:
    """The first lines of a text, and how much more there was."""

    def __init__(self) -> None:
        self.kept = ""
        self.characters = 0
        self.lines = 0
        self.end = "\n"

    def add(self, text: str) -> None:
        if text:
            self.kept += text[: MAX_CHARACTERS - len(self.kept)]
            self.characters += len(text)
            self.lines += text.count("\n")
            self.end = text[-1]

    def __str__(self) -> str:
        shown = self.kept.splitlines()[:MAX_LINES]
        withheld = self.lines + (self.end != "\n") - len(shown)
        if withheld > 0:
            shown.append(f"... and {withheld} more lines that are not shown")
        elif self.characters > MAX_CHARACTERS:
            shown.append(f"... cut after {MAX_CHARACTERS} characters")
        return "\n".join(shown)


class _Stream(io.TextIOBase):
    """Keeps what the worker writes and passes on what other threads write."""

    def __init__(self, worker: _Worker, printed: _Printed, passed_on: TextIO) -> None:
        self.worker = worker
        self.printed = printed
        self.passed_on = passed_on

    def write(self, text: str) -> int:
        if threading.get_ident() == self.worker.ident:
            self.printed.add(text)
            return len(text)
        return self.passed_on.write(text)

    def flush(self) -> None:
        if threading.get_ident() != self.worker.ident:
            self.passed_on.flush()

    def writable(self) -> bool:
        return True
