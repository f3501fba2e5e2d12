"""Bad and odd input to the explorers: a true picture, or an error that names the argument.

Whatever is set, in whatever order: what the scene draws and says is compared with a descent that
is run here, step by step. After a refusal the former picture is still there and still moves.
"""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from strategies import (
    BAD_COUNTS,
    BAD_RATES,
    BAD_STARTS,
    NEVER_NUMBERS,
    REFUSED,
    answers,
    fuzz,
    tasks,
)
from traitlets import TraitError

import gdviz as gd
from gdviz.live.scene import Readout

NEAR = 1e4
"""Pixels within which a picture must be right to a fiftieth of one."""


def walked(task, start, rate, iterations):
    """Descend one step at a time: θ of shape ``(iterations + 1, ..., *task.shape)``."""
    path = [np.array(start, dtype=float)]
    with np.errstate(all="ignore"):
        for _ in range(iterations):
            path.append(path[-1] - rate * task.jacobian(path[-1]).mT)
    return np.stack(path)


def assert_drawn(explorer, mark, x, y):
    """Compare a mark with data coordinates that matplotlib maps to pixels."""
    drawn = np.array(mark.at(explorer.position), dtype=float)
    with np.errstate(all="ignore"):
        where = mark.axes.transData.transform(np.stack(np.broadcast_arrays(x, y), axis=-1)) / 2
    expected = np.stack([where[:, 0], explorer.scene.size[1] - where[:, 1]])
    assert drawn.shape == expected.shape
    near = (np.abs(expected) < NEAR).all(axis=0)
    np.testing.assert_allclose(drawn[:, near], expected[:, near], rtol=1e-5, atol=0.02)
    far = ~near & np.isfinite(drawn).all(axis=0)  # where the rest of a line points to
    assert (np.abs(drawn[:, far]).max(axis=0, initial=0) > NEAR / 2).all()


def trail(explorer, axes):
    """Return the first line that grows in these axes."""
    return next(
        mark
        for mark in explorer.scene.marks
        if not isinstance(mark, Readout) and mark.axes is axes and getattr(mark, "grows", None)
    )


def on_plane(plane, theta):
    return np.stack([np.sum((theta - plane.origin) * d, axis=(-2, -1)) for d in plane.directions])


def says(explorer, *texts):
    shown = [mark.at(explorer.position) for mark in explorer.scene.marks if hasattr(mark, "parts")]
    for text in texts:
        assert text in shown or text in explorer.description, (text, shown, explorer.description)


def check_descent(explorer):
    k, rate, task = explorer.iteration.value, explorer.learning_rate.value, explorer.task
    theta = walked(task, explorer.start, rate, k)
    loss = task.loss(theta)
    if explorer.view.value == "map":
        coordinates = on_plane(explorer._ground.plane, theta)
        x, y = coordinates if len(coordinates) == 2 else (coordinates[0], loss)
        assert_drawn(explorer, trail(explorer, explorer._axes[0]), x, y)
    assert_drawn(explorer, trail(explorer, explorer._axes[1]), np.arange(k + 1), loss)
    says(explorer, f"ε = {rate:.3g}", f"iteration {k}", f"loss {loss[-1]:.4g}")


def check_basins(explorer):
    k, surface = explorer.iteration.value, explorer.surface
    theta = walked(surface, explorer.start, explorer.learning_rate.value, k)
    loss = surface.loss(theta)
    x, y = theta[:, 0, 0], loss if surface.dims == 1 else theta[:, 0, 1]
    assert_drawn(explorer, trail(explorer, explorer._on_landscape), x, y)
    says(explorer, f"loss {loss[-1]:.3g}")
    for share in explorer.shares[:5]:
        says(explorer, f"{np.round(100 * share):.0f} %")


def check_compare(explorer):
    k, rate = explorer.iteration.value, explorer.learning_rate.value
    for axes, task in zip(explorer._axes, explorer.tasks.values()):
        theta = walked(task, explorer.start, rate, k)
        assert_drawn(explorer, trail(explorer, axes), *theta.reshape(-1, 2).T)
        says(explorer, f"loss {task.loss(theta[-1]):.4g}")


def check_learning_rates(explorer):
    k, task = explorer.iteration.value, explorer.task
    for axes, rate in zip(explorer._axes, explorer.descent.learning_rate):
        theta = walked(task, explorer.descent.theta[0, 0], rate, k)
        points = theta.reshape(k + 1, -1).T
        x, y = points if len(points) == 2 else (points[0], task.loss(theta))
        assert_drawn(explorer, trail(explorer, axes), x, y)
        says(explorer, f"loss {task.loss(theta[-1]):.3g}")


def check_race(explorer):
    k, factor = explorer.iteration.value, explorer.factor.value
    plain = explorer.scene.marks[0]
    hidden = explorer.show.value not in ("all", "plain")
    theta = walked(explorer.task, explorer.start, explorer.learning_rates["plain"] * factor, k)
    u, v = on_plane(explorer._terrain.plane, theta)
    if hidden:
        assert np.isnan(plain.at(explorer.position)[0]).all()
    else:
        assert_drawn(explorer, plain, u, v)


def check_rate_curve(explorer):
    k, task = explorer.iteration.value, explorer.task
    loss = task.loss(walked(task, explorer._start, explorer.learning_rate.value, k))
    low = 1e-10 * explorer._range[0]
    assert_drawn(
        explorer,
        trail(explorer, explorer._axes[1]),
        np.arange(k + 1),
        np.maximum(loss - task.least_loss, low),
    )
    says(explorer, f"n = {k}", f"loss {loss[-1]:.4g}")


def check_starts(explorer):
    k, task = explorer.iteration.value, explorer.task
    theta = walked(task, explorer.starts, explorer.learning_rate.value, k)[-1]
    loss = task.loss(theta)
    cloud = next(
        mark
        for mark in explorer.scene.marks
        if getattr(mark, "axes", None) is explorer._on_landscape
    )
    x, y = theta[:, 0, 0], loss if theta.shape[-1] == 1 else theta[:, 0, 1]
    assert_drawn(explorer, cloud, x, y)
    known = np.where(np.isnan(loss), np.inf, loss)
    says(explorer, f"lowest loss {known.min():.2g}", f"median {np.median(known):.2g}")


def check_autopsy(explorer):
    k, rate, task = explorer.iteration.value, explorer.learning_rate.value, explorer.task
    theta = walked(task, explorer.descent.theta[0], rate, k)[-1]
    says(explorer, f"ε = {rate:.3g}", f"θ {np.abs(theta).max():.3g}")


def check_minibatch(explorer):
    if explorer.batch_size.value < explorer.task.n_samples:
        return
    k, task = explorer.iteration.value, explorer.task
    theta = walked(task, explorer.start, explorer.learning_rate.value, k)
    u, v = on_plane(explorer._terrain.plane, theta)
    assert_drawn(explorer, trail(explorer, explorer._axes[0]), u, v)


SOME = {"iterations": 12}
LINE = gd.LinearRegression([0.0, 1.0, 2.0, 4.0], [1.0, 0.0, 3.0, 2.0])
KINDS = {
    "descent": (lambda task: gd.DescentExplorer(task, **SOME), check_descent, ()),
    "basins": (lambda task: gd.BasinsExplorer(task, **SOME), check_basins, ("surface",)),
    "compare": (
        lambda task: gd.CompareLandscapesExplorer({"{a}": task, "$": LINE}, [[0.5, 0.5]], **SOME),
        check_compare,
        ("line", "surface"),
    ),
    "learning rates": (
        lambda task: gd.LearningRatesExplorer(task, {"{0": 1e-3, "$b": 0.4}, **SOME),
        check_learning_rates,
        ("line", "surface"),
    ),
    "race": (
        lambda task: gd.RaceExplorer(task, optimizers={"plain": None, "{": gd.Adam()}, **SOME),
        check_race,
        ("line", "surface"),
    ),
    "rate curve": (lambda task: gd.RateCurveExplorer(task, **SOME), check_rate_curve, ()),
    "starts": (
        lambda task: gd.StartsExplorer(task, n_starts=7, **SOME),
        check_starts,
        ("line", "surface"),
    ),
    "autopsy": (lambda task: gd.AutopsyExplorer(task, **SOME), check_autopsy, ()),
    "minibatch": (lambda task: gd.MinibatchExplorer(task, **SOME), check_minibatch, ("line",)),
}
NAMES = ("task", "tasks", "theta", "start", "surface", "landscape", "Surface", "learning_rates")


class Moved(RuleBasedStateMachine):
    """An explorer whose controls are set to anything in any order."""

    @initialize(kind=st.sampled_from(sorted(KINDS)), data=st.data())
    def make(self, kind, data):
        build, self.check, kinds = KINDS[kind]
        task = data.draw(tasks(*kinds), "task")
        if kind != "descent" and max(task.shape) > 2:
            task = LINE
        made = answers(lambda: build(task), *NAMES)
        self.explorer = build(gd.surfaces.bowl(2)) if made is REFUSED and kind == "basins" else made
        if self.explorer is REFUSED:
            self.explorer = build(LINE)

    @rule(data=st.data(), place=st.floats(0, 1))
    def move(self, data, place):
        name = data.draw(st.sampled_from(sorted(self.explorer.controls)))
        control = self.explorer.controls[name]
        if hasattr(control, "options"):
            control.index = round(place * (len(control.options) - 1))
        else:
            control.value = round(control.min + place * (control.max - control.min))

    @rule(place=st.floats(0, 1))
    def between_the_stops(self, place):
        rate = getattr(self.explorer, "learning_rate", None)
        if rate is not None:
            rate.value = rate.stops[0] + place * (rate.stops[-1] - rate.stops[0])

    @rule(data=st.data(), bad=st.sampled_from([*NEVER_NUMBERS, np.nan, np.inf]))
    def refuse(self, data, bad):
        name = data.draw(st.sampled_from(sorted(self.explorer.controls)))
        control = self.explorer.controls[name]
        held = control.value
        with pytest.raises((ValueError, TypeError, TraitError)):
            control.value = bad
        assert control.value == held

    @rule(where=st.lists(st.floats(-1, 1), min_size=2, max_size=2), size=st.integers(-12, 300))
    def start_anywhere(self, where, size):
        if hasattr(type(self.explorer), "start"):
            shape = self.explorer.start.shape
            start = np.resize(np.array(where) * 10.0**size, shape)
            answers(lambda: setattr(self.explorer, "start", start), "start", "theta", "landscape")

    @rule(bad=st.sampled_from(BAD_STARTS))
    def start_nowhere(self, bad):
        if hasattr(type(self.explorer), "start"):
            held = self.explorer.start
            if answers(lambda: setattr(self.explorer, "start", bad), "start", "theta") is REFUSED:
                assert self.explorer.start is held

    @rule(
        value=st.sampled_from(
            [gd.Gaussian(0, 3), gd.Gaussian(1e200, 1), gd.Uniform(2, 2), "N(0, 1)", None]
        )
    )
    def draw_elsewhere(self, value):
        control = getattr(self.explorer, "initialization", None)
        if control is not None:
            held = control.value
            names = ("initialization", "theta", "landscape")
            if answers(lambda: setattr(control, "value", value), *names) is REFUSED:
                assert control.value == held

    @rule()
    def look_from_elsewhere(self):
        view = getattr(self.explorer, "view", None)
        if view is not None and len(self.explorer._views) > 1:
            view.value = "surface" if view.value == "map" else "map"
            self.explorer.azimuth.value += 35

    @invariant()
    def the_picture_is_true(self):
        if hasattr(self, "explorer"):
            self.check(self.explorer)

    def teardown(self):
        if hasattr(self, "explorer"):
            assert self.explorer.still().startswith(b"\x89PNG")
            self.explorer.close()


TestMoved = Moved.TestCase
TestMoved.settings = fuzz(6, stateful_step_count=4)


BUMPY = gd.surfaces.bumpy(2)
BLOBS = gd.SoftmaxRegression(gd.datasets.blobs(12))
BUILT = {
    "descent": lambda **given: gd.DescentExplorer(BUMPY, **given),
    "basins": lambda **given: gd.BasinsExplorer(BUMPY, **given),
    "compare": lambda start=((0, 0),), **given: gd.CompareLandscapesExplorer(
        {"a": BUMPY, "b": BUMPY}, start, **given
    ),
    "autopsy": lambda **given: gd.AutopsyExplorer(LINE, **given),
    "learning rates": lambda **given: gd.LearningRatesExplorer(LINE, **given),
    "minibatch": lambda **given: gd.MinibatchExplorer(LINE, **given),
    "pull": lambda **given: gd.PullExplorer(BLOBS, **given),
    "race": lambda **given: gd.RaceExplorer(LINE, **given),
    "rate curve": lambda **given: gd.RateCurveExplorer(LINE, **given),
    "starts": lambda **given: gd.StartsExplorer(BUMPY, **given),
    "step": lambda start=((0, 0),), learning_rate=0.1, **given: gd.StepExplorer(
        LINE, start, learning_rate, **given
    ),
}
HAS_NO_START = ("starts",)
HAS_RATE = ("autopsy", "compare", "pull", "step")


@pytest.mark.parametrize("kind", BUILT)
@given(bad=st.sampled_from([bad for bad in BAD_COUNTS if bad is not None]))
@fuzz(6)
def test_iterations_that_are_none(kind, bad):
    assert answers(lambda: BUILT[kind](iterations=bad), "iterations") is REFUSED


@pytest.mark.parametrize("kind", [kind for kind in BUILT if kind not in HAS_NO_START])
@given(bad=st.sampled_from(BAD_STARTS))
@fuzz(4)
def test_starts_that_are_none(kind, bad):
    made = answers(lambda: BUILT[kind](start=bad, iterations=3), "start", "theta", "landscape")
    if made is not REFUSED:
        assert made.still()
        made.close()


@pytest.mark.parametrize("kind", HAS_RATE)
@given(bad=st.sampled_from([bad for bad in BAD_RATES if bad is not None]))
@fuzz(8)
def test_rates_that_are_none(kind, bad):
    names = ("learning_rate", "value")
    assert answers(lambda: BUILT[kind](learning_rate=bad, iterations=3), *names) is REFUSED


@given(task=tasks("two features"), rate=st.sampled_from([None, 1e-9, 0.5, 1e9]))
@fuzz(6)
def test_pulls_add_up_to_the_gradient(task, rate):
    def make():
        return gd.PullExplorer(task, learning_rate=rate, iterations=4)

    names = ("task", "learning_rate", "landscape", "y")
    if (explorer := answers(make, *names)) is REFUSED:
        return
    for k in (0, 4):
        explorer.iteration.value = k
        theta = walked(task, np.zeros(task.shape), explorer.descent.learning_rate, k)[-1]
        step = -task.jacobian(theta)[..., 0]
        spoken = re.search(r"gradient is (\S+) (\S+) for W and (\S+) for b", explorer.description)
        said = np.array(spoken.groups(), dtype=float)
        np.testing.assert_allclose(said, step, rtol=1e-6, atol=6e-4)
    assert explorer.still()
    explorer.close()


@given(task=tasks("line"), places=st.lists(st.floats(0, 1), min_size=2, max_size=2))
@fuzz(5)
def test_lines_and_arrows_of_odd_data(task, places):
    for make in (gd.FitExplorer, gd.GradientExplorer):
        if (explorer := answers(lambda: make(task), "task", "theta", "landscape")) is REFUSED:  # noqa: B023
            continue
        for name, place in zip("Wb", places):
            control = explorer.controls[name]
            control.index = round(place * (len(control.options) - 1))
        theta = np.array([[explorer.controls["W"].value, explorer.controls["b"].value]])
        if make is gd.FitExplorer:
            says(explorer, f"loss {task.loss(theta):.4g}")
        assert explorer.still()
        explorer.close()


@given(bad=st.sampled_from([*NEVER_NUMBERS, np.nan, np.inf, [1], [np.nan, 1], [[1, 2]], [1] * 7]))
@fuzz(10)
def test_explorers_of_numbers(bad):
    answers(lambda: gd.TemperatureExplorer(bad), "logits")
    answers(lambda: gd.SigmoidExplorer(bad), "logit")
    answers(lambda: gd.DifferenceExplorer(np.sin, np.cos, bad), "x")
    answers(lambda: gd.DifferenceExplorer(lambda x: bad, np.cos, 1.0), "function")
    answers(lambda: gd.GraphExplorer(bad), "expression")
