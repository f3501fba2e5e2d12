"""Notebook 03 as a student uses it: every explorer is dragged or played, and says the truth."""

import re

import numpy as np
import pytest

import gdviz as gd

pytestmark = pytest.mark.browser

NAME = "03_learning_rate.ipynb"
VERMILLION, BLUE, GREEN = (213, 94, 0), (0, 114, 178), (0, 158, 115)


@pytest.fixture(scope="module")
def lesson(open_notebook):
    with open_notebook(NAME) as notebook:
        notebook.run_all()
        notebook.figure("overflowed first")  # the last one is there
        yield notebook


def assert_colored(explorer, axes, x, y, color):
    """A pixel of what moves, at the place where matplotlib puts (x, y), has this colour."""
    canvas = explorer.canvas().astype(int)
    height, width = canvas.shape[:2]
    across, up = (axes.transData - axes.figure.transFigure).transform((x, y))
    red, green, blue, opacity = canvas[round((1 - up) * height), round(across * width)]
    assert opacity > 250
    assert np.abs(np.array([red, green, blue]) - color).max() < 12


def test_three_rates_follow_one_slider(lesson):
    explorer = lesson.figure("too small, loss")
    reference = gd.LearningRatesExplorer(gd.surfaces.bowl(1), start=[[-2.0]])
    axes = [ground.axes for ground in reference._grounds]
    forward = explorer.locator.get_by_label("One step forward")
    for k in range(1, 5):
        forward.click()
        explorer.wait_for_label(f"iteration {k}: ")
        for panel, rate in zip(axes, (0.02, 0.5, 1.03), strict=True):
            x = -2 * (1 - 2 * rate) ** k
            assert_colored(explorer, panel, x, x**2, VERMILLION)
    explorer.drag(0, to=1.0)
    losses = [(2 * (1 - 2 * rate) ** 40) ** 2 for rate in (0.02, 1.03)]
    explorer.wait_for_label(
        f"iteration 40: too small, loss {losses[0]:.3g}, slow; ideal, loss 0, converged; "
        f"too large, loss {losses[1]:.3g}, diverged"
    )


def test_one_slider_through_all_regimes(lesson):
    explorer = lesson.figure("of 500: loss 3.64e-12")
    for to, status in ((0.05, "slow"), (0.8, "converged"), (0.98, "diverged")):
        explorer.drag(0, to=to)
        explorer.wait_for_label(rf"iteration 20 of 500: loss \S+, {status}")


def test_the_ravine_has_a_limit(lesson):
    explorer = lesson.figure("iteration 20 of 500: loss 2.01")
    for preset, status in (("good", "slow"), ("too large", "diverged")):
        explorer.locator.get_by_role("button", name=preset, exact=True).click()
        explorer.wait_for_label("iteration [1-9]")
        explorer.locator.get_by_label("Pause").click()
        explorer.wait_for_label(rf", {status}\b")


def test_the_u_deepens_as_it_plays_and_the_rate_moves_along_it(lesson):
    explorer = lesson.figure("the lowest loss of all is at a learning rate of about 0.073")
    reference = gd.RateCurveExplorer(gd.surfaces.ravine(25), start=[[3.0, 1.0]])
    on_curve, on_loss = reference._axes
    words = re.compile(r"learning rate (\S+) after (\d+) iterations: loss (\S+), \w+; .* (\S+)")

    def read():
        return [float(text) for text in words.fullmatch(explorer.label).groups()]

    def ravine(rate, n):
        return (9 * (1 - rate) ** (2 * n) + 25 * (1 - 25 * rate) ** (2 * n)) / 2

    for to in (0.3, 0.7, 0.8):
        explorer.drag(0, to=to)
        rate, n, loss, _ = read()
        stops = reference.learning_rate.stops
        rate = stops[np.argmin(np.abs(stops - rate))]
        assert loss == pytest.approx(ravine(rate, n), rel=6e-3)
        assert_colored(explorer, on_curve, rate, loss, VERMILLION)
        assert_colored(explorer, on_loss, n, loss, VERMILLION)
    explorer.locator.get_by_label("Back to the start").click()
    explorer.wait_for_label("after 1 iterations")
    fine = np.geomspace(1e-3, 0.2, 5000)
    assert read()[3] == pytest.approx(fine[np.argmin(ravine(fine, 1))], rel=0.03)
    explorer.locator.get_by_label("Play").click()
    explorer.wait_for_label(r"after [3-9]\d* iterations")
    explorer.handle(1).press("End")  # a hand on the slider stops it
    explorer.wait_for_label("after 100 iterations")
    assert read()[3] == pytest.approx(fine[np.argmin(ravine(fine, 100))], rel=0.03)
    lowest = reference._lowest[100]
    assert_colored(explorer, on_curve, lowest, ravine(lowest, 100), BLUE)


def test_the_sum_diverges_where_the_mean_does_not(lesson):
    mean = lesson.figure("learning rate 0.25 after 20 iterations")
    mean.drag(1, to=0.5)
    mean.wait_for_label("learning rate 0.25 .*, converged;")
    total = lesson.figure("learning rate 0.0007 after 20 iterations")
    fraction = np.log(0.25 / 1e-5) / np.log(3.0 / 1e-5)
    total.drag(0, to=fraction)
    total.wait_for_label(r"learning rate 0\.2\d* after 20 iterations: loss \S+, diverged;")


def test_the_penguins_u_can_be_dragged(lesson):
    explorer = lesson.figure("learning rate 0.13 after 20 iterations")
    explorer.drag(0, to=1.0)
    explorer.wait_for_label("learning rate 1.5 after 20 iterations: .*diverged")


def test_the_autopsy_reaches_nan_as_predicted(lesson):
    explorer = lesson.figure("overflowed first")
    axes = gd.AutopsyExplorer(
        gd.surfaces.bowl(1), start=[[-2.0]], learning_rate=3.0, iterations=500
    )._axes
    x = 2 * 5.0**221
    sizes = f"learning rate 3, iteration 221: θ {x:.3g}, loss inf, gradient {2 * x:.3g};"
    assert explorer.label.startswith(sizes)
    assert_colored(explorer, axes, 221, np.log10(x), GREEN)
    explorer.locator.get_by_label("One step back").click()
    explorer.wait_for_label("iteration 220: ")
    assert_colored(explorer, axes, 220, 2 * np.log10(2 * 5.0**220), BLUE)
    explorer.drag(1, to=1.0)
    explorer.wait_for_label(
        "iteration 500: θ nan, loss nan, gradient nan; iteration 221: the loss overflowed first"
    )
    explorer.locator.get_by_label("One step back").click()
    explorer.wait_for_label("iteration 499: ")
    explorer.locator.get_by_label("Back to the start").click()
    explorer.wait_for_label("iteration 0: θ 2, loss 4, gradient 4")
    assert_colored(explorer, axes, 0, np.log10(2) / 2, GREEN)
