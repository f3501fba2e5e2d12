"""Notebook 04 as a student uses it: pulls added one by one, and a slope by differences."""

import re

import numpy as np
import pytest

import gdviz as gd

pytestmark = pytest.mark.browser

NAME = "04_gradient_of_linear_regression.ipynb"
PURPLE = (204, 121, 167)
WORDS = re.compile(
    r"W = (\S+), b = (\S+); sample (\d+) of 12:  residual (\S+), -∇l = \[ (\S+) \| (\S+) \]; "
    r"sum = \[ (\S+) \| (\S+) \]; .*sum ÷ 12 = \[ (\S+) \| (\S+) \]"
)


@pytest.fixture(scope="module")
def lesson(open_notebook):
    with open_notebook(NAME) as notebook:
        notebook.run_all()
        notebook.figure("difference with")  # the last one is there
        yield notebook


@pytest.fixture(scope="module")
def task():
    return gd.LinearRegression(gd.datasets.penguins().standardized()).subset(range(0, 342, 30))


@pytest.fixture(scope="module")
def reference(task):
    """Return the same explorer in this process, for where matplotlib puts things."""
    return gd.GradientExplorer(task)


@pytest.fixture
def explorer(lesson):
    yield lesson.figure("of 12")
    assert lesson.complaints == []


def read(explorer) -> list[float]:
    match = WORDS.fullmatch(explorer.label)
    assert match, explorer.label
    return [float(number) for number in match.groups()]


def stop(reference, name: str, spoken: float) -> float:
    """Return the slider's stop that is spoken of with three digits."""
    stops = reference.scene.dimensions[name]
    return float(stops[np.argmin(np.abs(stops - spoken))])


def assert_adds_up(explorer, task, reference) -> tuple[float, float, int]:
    """Compare what is spoken with NumPy, and where the chosen penguin is drawn with its data."""
    spoken_W, spoken_b, added, residual, *rest = read(explorer)
    W, b, added = stop(reference, "W", spoken_W), stop(reference, "b", spoken_b), int(added)
    x, y = task.dataset.X[:, 0], task.dataset.y
    residuals = W * x + b - y
    pulls = -2 * residuals[:, None] * np.stack([x, np.ones(12)], axis=-1)
    total = pulls[:added].sum(axis=0)
    assert residual == pytest.approx(residuals[added - 1], rel=6e-3)
    expected = [*pulls[added - 1], *total, *(total / 12)]
    np.testing.assert_allclose(rest, expected, rtol=6e-3, atol=1e-6)

    axes = reference.scene.marks[0].axes
    inverse = axes.transData - axes.figure.transFigure
    px, py = inverse.transform([x[added - 1], y[added - 1]])
    canvas = explorer.canvas()
    height, width = canvas.shape[:2]
    pixel = canvas[round((1 - py) * height), round(px * width)].astype(int)
    assert np.abs(pixel[:3] - PURPLE).max() < 12, pixel
    return W, b, added


def test_dragging_adds_up_the_pulls(explorer, task, reference):
    first = assert_adds_up(explorer, task, reference)
    before = explorer.canvas()
    explorer.drag(2, to=1.0)
    assert_adds_up(explorer, task, reference)
    assert "-∇L = sum ÷ 12" in explorer.label
    explorer.drag(0, to=0.7)
    explorer.drag(1, to=0.3)
    W, b, added = assert_adds_up(explorer, task, reference)
    assert (W, b, added) != first
    assert added == 12
    assert first[0] != W
    assert first[1] != b
    assert (explorer.canvas() != before).any()
    gradient = task.jacobian([[W, b]])[:, 0]
    np.testing.assert_allclose(read(explorer)[-2:], -gradient, rtol=6e-3)


def test_playing_adds_all_without_a_word_to_the_kernel(lesson, explorer, task, reference):
    explorer.locator.get_by_label("Back to the start").click()
    explorer.wait_for_label("sample 1 of 12")
    explorer.page.wait_for_timeout(300)
    sent = []
    lesson.listen(sent.append)
    explorer.locator.get_by_label("Play").click()
    explorer.wait_for_label("sample [4-9] of 12")
    assert sent == []
    explorer.wait_for_label("sample 12 of 12")
    explorer.locator.get_by_label("Play").wait_for()
    assert_adds_up(explorer, task, reference)


def test_the_chain_closes_at_the_minimum(explorer, task, reference):
    explorer.drag(2, to=1.0)
    for nth, name in enumerate("Wb"):
        stops = reference.scene.dimensions[name]
        at = int(np.argmin(np.abs(stops - task.minimizer()[0, nth])))
        explorer.drag(nth, to=at / (len(stops) - 1))
    explorer.wait_for_label(re.escape("sum = [ 0 | 0 ]; -∇L = sum ÷ 12 = [ 0 | 0 ]"))


def test_the_slope_by_differences(lesson):
    explorer = lesson.figure("difference with")
    for nth, rule in ((0, "forward"), (1, "central")):
        explorer.drag(0, to=nth)
        for to, h in ((1.0, 1.0), (0.75, 1e-4)):
            explorer.drag(1, to=to)
            low = 1.0 if rule == "forward" else 1.0 - h
            slope = (np.exp(1.0 + h) - np.exp(low)) / (1.0 + h - low)
            label = explorer.wait_for_label(f"{rule} difference with h = {h:.3g}: slope ")
            spoken = float(label.split("slope ")[1].split(",")[0])
            assert spoken == pytest.approx(slope, abs=1e-9)
    assert lesson.complaints == []
