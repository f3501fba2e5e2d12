"""Code that hangs, floods, fails or disturbs, as the gradient check runs it."""

import _thread
import io
import random
import signal
import sys
import threading
import time
import warnings

import numpy as np
import pytest

from gdviz.gradient_check import check_gradient
from gdviz.guarded import run_guarded
from gdviz.linear import LinearRegression

LINEAR = LinearRegression(np.eye(10)[:, :4], np.arange(10.0))


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), "5", True])
def test_wrong_seconds(seconds):
    with pytest.raises(ValueError, match=r"seconds must be (positive|finite|a number), got"):
        check_gradient(LINEAR.jacobian, LINEAR, seconds=seconds)


def endless():
    while True:
        pass


def endless_with_bare_except():
    while True:
        try:
            np.log(2.0)
        except:  # noqa: E722
            continue


def endless_in_depth():
    while True:
        try:
            endless_with_bare_except()
        except:  # noqa: E722
            time.sleep(0.001)


def endless_with_except():
    while True:
        try:
            time.sleep(0.001)
        except Exception:
            continue


@pytest.mark.parametrize(
    "loop", [endless, endless_with_bare_except, endless_in_depth, endless_with_except]
)
def test_endless_loop(loop):
    before = threading.active_count()
    report = check_gradient(lambda theta: loop(), LINEAR, seconds=0.1)
    assert report.diagnosis == "no answer within 0.1 seconds"
    assert "in call 1" in report.hint
    assert "restart the kernel" not in report.hint
    assert threading.active_count() == before


def test_a_call_that_cannot_be_stopped_is_admitted(monkeypatch):
    monkeypatch.setattr("gdviz.guarded.GRACE", 0.05)
    release, before = threading.Lock(), threading.enumerate()
    release.acquire()
    try:
        report = check_gradient(lambda theta: release.acquire(), LINEAR, seconds=0.05)
        (left,) = set(threading.enumerate()) - set(before)
        assert left.daemon  # keeps no kernel from shutting down
    finally:
        release.release()
    assert report.diagnosis == "no answer within 0.05 seconds"
    assert "goes on in the background: restart the kernel" in report.hint


def test_less_than_a_second_is_time_enough():
    outcome = run_guarded((time.sleep(0.05) for _ in range(2)), seconds=0.99)
    assert outcome.values == [None, None]
    assert not outcome.timed_out


def test_works_outside_the_main_thread():
    reports = []

    def check():
        reports.append(check_gradient(LINEAR.jacobian, LINEAR))
        reports.append(check_gradient(lambda theta: endless(), LINEAR, seconds=0.1))

    thread = threading.Thread(target=check)
    thread.start()
    thread.join()
    assert [report.passed for report in reports] == [True, False]


def test_goes_together_with_a_profiler_or_debugger():
    calls = []
    sys.setprofile(lambda *event: calls.append(event[1]))
    try:
        right = check_gradient(LINEAR.jacobian, LINEAR)
        endlessly = check_gradient(lambda theta: endless_in_depth(), LINEAR, seconds=0.05)
    finally:
        sys.setprofile(None)
    assert right.passed
    assert endlessly.diagnosis == "no answer within 0.05 seconds"
    assert calls


@pytest.fixture
def ctrl_c():
    """Let Python hear of Ctrl-C, which a shell keeps from what runs in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_interrupt_stops_the_function_and_goes_its_way():
    rounds = []

    def gradient(theta):
        _thread.interrupt_main()
        while True:
            rounds.append(time.sleep(0.001))

    with pytest.raises(KeyboardInterrupt):
        check_gradient(gradient, LINEAR)
    before = len(rounds)
    time.sleep(0.05)
    assert len(rounds) == before


def test_print_storm(capsys):
    def gradient(theta):
        for k in range(500):
            print(f"line {k}")
        return LINEAR.jacobian(theta)

    report = check_gradient(gradient, LINEAR)
    assert report.passed
    lines = report.printed.splitlines()
    assert lines[:20] == [f"line {k}" for k in range(20)]
    assert lines[20:] == ["... and 2980 more lines that are not shown"]
    assert "It printed:\n  line 0\n  line 1\n" in repr(report)
    assert capsys.readouterr() == ("", "")


def test_print_storm_without_end_or_line_breaks(capsys):
    def gradient(theta):
        while True:
            print("x" * 1000, end="")

    report = check_gradient(gradient, LINEAR, seconds=0.1)
    assert report.diagnosis.startswith("no answer")
    assert report.printed == "x" * 4000 + "\n... cut after 4000 characters"
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("texts", "kept"),
    [
        (["line\n"] * 20, "line\n" * 20),
        (["line\n"] * 20 + ["another"], "line\n" * 20 + "... and 1 more lines that are not shown"),
        (["line\n"] * 21, "line\n" * 20 + "... and 1 more lines that are not shown"),
        (["one", "", " line\n", "", "two"], "one line\ntwo"),
        (["x" * 3000, "x" * 1000], "x" * 4000),
        (["x" * 3000, "x" * 1001], "x" * 4000 + "\n... cut after 4000 characters"),
        (["x" * 4000, "y\n", "z"], "x" * 4000 + "\n... and 1 more lines that are not shown"),
        ([], ""),
    ],
)
def test_the_beginning_of_what_is_printed_is_kept(texts, kept):
    outcome = run_guarded((sys.stdout.write(text) for text in texts), seconds=5)
    assert outcome.values == [len(text) for text in texts]
    assert outcome.printed == kept.rstrip("\n")


def test_stderr_is_caught_too_and_other_threads_are_not(capsys):
    def gradient(theta):
        print("mine", file=sys.stderr)
        other = threading.Thread(target=print, args=("another's",))
        other.start()
        other.join()
        return LINEAR.jacobian(theta)

    report = check_gradient(gradient, LINEAR)
    assert report.printed.splitlines() == ["mine"] * 6
    assert capsys.readouterr() == ("another's\n" * 6, "")


def test_what_other_threads_print_is_flushed(monkeypatch):
    flushed = []

    class Stream(io.StringIO):
        def flush(self):
            flushed.append(threading.current_thread().name)

    def steps():
        print("mine", flush=True)
        other = threading.Thread(target=sys.stdout.flush, name="other")
        other.start()
        other.join()
        yield sys.stdout.writable()

    monkeypatch.setattr("sys.stdout", Stream())
    outcome = run_guarded(steps(), seconds=5)
    assert outcome.values == [True]
    assert set(flushed) - {"MainThread"} == {"other"}  # the main one, as streams are put away


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit, StopIteration])
def test_errors_that_usually_pass_unnoticed(error):
    def gradient(theta):
        raise error

    report = check_gradient(gradient, LINEAR)
    assert not report.passed
    assert report.diagnosis.endswith("is raised")


def test_warnings_are_mentioned_not_raised():
    def gradient(theta):
        np.log(np.array([0.0, -1.0]))
        return LINEAR.jacobian(theta)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = check_gradient(gradient, LINEAR)
        again = check_gradient(gradient, LINEAR)
    assert report.passed
    assert report.remarks == again.remarks
    assert report.remarks == (
        "RuntimeWarning: divide by zero encountered in log",
        "RuntimeWarning: invalid value encountered in log",
    )


def test_nothing_of_the_function_stays_behind():
    def gradient(W, b, x, y):
        result = LINEAR.jacobian(np.hstack([W, b[:, None]]))
        for array in (W, b, x, y):
            array[:] = 7
        np.random.seed(1)  # noqa: NPY002
        random.seed(1)
        np.seterr(all="raise")
        sys.stdout = None
        return result

    before = [LINEAR.dataset.X.copy(), LINEAR.dataset.y.copy(), LINEAR.X_tilde.copy()]
    stdout, errors = sys.stdout, np.geterr()
    states = random.getstate(), np.random.get_state()  # noqa: NPY002
    report = check_gradient(gradient, LINEAR)
    assert report.passed
    assert "It changes W, b, x, y in place" in report.remarks[0]
    after = [LINEAR.dataset.X, LINEAR.dataset.y, LINEAR.X_tilde]
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)
    assert sys.stdout is stdout
    assert np.geterr() == errors
    assert random.getstate() == states[0]
    np.testing.assert_array_equal(np.random.get_state()[1], states[1][1])  # noqa: NPY002
