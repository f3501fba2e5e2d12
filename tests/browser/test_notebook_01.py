"""Notebook 01 as a student uses it: in JupyterLab, with mouse and keyboard."""

import re

import numpy as np
import pytest

import gdviz as gd

pytestmark = pytest.mark.browser

NAME = "01_gradient_descent_in_action.ipynb"
VERMILLION = (213, 94, 0)
WORDS = re.compile(
    r"learning rate (?P<rate>\S+), iteration (?P<iteration>\d+) of 500: loss (?P<loss>\S+), \w+"
)


@pytest.fixture(scope="module")
def lesson(open_notebook):
    with open_notebook(NAME) as notebook:
        notebook.run_all()
        notebook.figure("learning rate 6e-06")  # the last one is there
        yield notebook


@pytest.fixture
def explorer(lesson):
    """Return the first DescentExplorer, at rest."""
    yield lesson.figure("learning rate")
    assert lesson.complaints == []


@pytest.fixture(scope="module")
def reference():
    """Return the same explorer in this process, for where matplotlib puts things."""
    return gd.DescentExplorer(gd.LinearRegression(gd.datasets.penguins().standardized()))


def read(explorer) -> tuple[float, int, float]:
    """Return the learning rate, iteration and loss that the figure speaks of."""
    match = WORDS.fullmatch(explorer.label)
    assert match, explorer.label
    return float(match["rate"]), int(match["iteration"]), float(match["loss"])


def descend(start, rate: float, iterations: int) -> np.ndarray:
    """Descend on the penguins, from the formula on the slide."""
    data = gd.datasets.penguins().standardized()
    x, y = data.X[:, 0], data.y
    W, b = start
    for _ in range(iterations):
        residual = W * x + b - y
        W, b = W - rate * 2 * np.mean(residual * x), b - rate * 2 * np.mean(residual)
    return np.array([W, b])


def spot(explorer, color, box) -> np.ndarray:
    """Return the centre of the largest disc of a colour in a part of the canvas, as fractions."""
    canvas = explorer.canvas().astype(int)
    height, width = canvas.shape[:2]
    near = (np.abs(canvas[..., :3] - color).max(axis=-1) < 12) & (canvas[..., 3] > 250)
    left, top, right, bottom = box
    rows, columns = np.indices(near.shape)
    near &= (columns > left * width) & (columns < right * width)
    near &= (rows > top * height) & (rows < bottom * height)
    # The disc is the only thing wider than a line: keep pixels whose neighbourhood is all of it.
    r = max(2, round(0.003 * width))
    core = near.copy()
    for dy in range(-r, r + 1):
        for dx in range(-r, r + 1):
            if dy**2 + dx**2 <= r**2:
                core &= np.roll(near, (dy, dx), (0, 1))
    assert core.any()
    y, x = np.argwhere(core).mean(axis=0)
    return np.array([(x + 0.5) / width, (y + 0.5) / height])


def place(reference, theta) -> np.ndarray:
    """Return where matplotlib puts a point of the landscape, as fractions from the upper left."""
    axes = reference._axes[0]
    x, y = (axes.transData - axes.figure.transFigure).transform(theta)
    return np.array([x, 1 - y])


LANDSCAPE = (0.072, 0.18, 0.342, 0.87)
START = (-1.0069957123095605, 1.602328595880725)


def test_dragging_the_learning_rate_moves_the_descent(explorer, reference):
    explorer.drag(1, to=0.0)
    explorer.locator.get_by_label("One step forward").click(click_count=3)
    explorer.drag(0, to=0.62)
    rate, iteration, loss = read(explorer)
    before = explorer.canvas()
    assert iteration == 3
    stop = reference._stop_near(rate)
    theta = descend(START, stop, iteration)
    assert np.abs(spot(explorer, VERMILLION, LANDSCAPE) - place(reference, theta)).max() < 0.003
    assert loss == pytest.approx(float(reference.task.loss(theta[None])), rel=6e-3)

    explorer.drag(0, to=0.72)
    faster, _, lower = read(explorer)
    assert faster > rate
    assert lower < loss
    assert (explorer.canvas() != before).any()
    theta = descend(START, reference._stop_near(faster), iteration)
    assert np.abs(spot(explorer, VERMILLION, LANDSCAPE) - place(reference, theta)).max() < 0.003


def test_arrow_keys_move_one_stop(explorer, reference):
    explorer.drag(0, to=0.5)
    rate, *_ = read(explorer)
    explorer.handle(0).focus()
    explorer.page.keyboard.press("ArrowRight")
    explorer.settle()
    next_rate, *_ = read(explorer)
    stops = reference.learning_rate.values
    assert stops[stops > 1.01 * rate][0] == pytest.approx(next_rate, rel=0.01)


def test_the_limit_is_marked_where_the_slider_reaches_it(explorer):
    explorer.drag(0, to=0.893)
    rate, *_ = read(explorer)
    handle = explorer.handle(0).bounding_box()
    mark = explorer.locator.locator(".gdviz-scale span span").bounding_box()
    centres = [box["x"] + box["width"] / 2 for box in (handle, mark)]
    assert rate == 1.0  # which is the limit
    assert centres[0] == pytest.approx(centres[1], abs=3)


def test_play_runs_without_a_word_to_the_kernel(lesson, explorer):
    explorer.drag(0, to=0.4)
    explorer.locator.get_by_label("Back to the start").click()
    explorer.settle()
    assert read(explorer)[1] == 0
    explorer.page.wait_for_timeout(300)
    sent = []
    lesson.listen(sent.append)
    explorer.locator.get_by_label("Play").click()
    explorer.wait_for_label(r"iteration [1-9]\d* of")
    first = read(explorer)[1]
    explorer.page.wait_for_timeout(700)
    second = read(explorer)[1]
    assert second > first
    assert sent == []
    explorer.locator.get_by_label("Pause").click()
    explorer.settle()
    at_rest = read(explorer)[1]
    explorer.page.wait_for_timeout(300)
    assert read(explorer)[1] == at_rest
    assert len(sent) >= 1  # where it rests, the slider's value is told
    readout = explorer.locator.locator(".widget-readout").nth(1).inner_text()
    assert int(readout) == at_rest


def test_playing_to_the_end(explorer):
    explorer.drag(1, to=0.97)
    explorer.locator.get_by_label("Play").click()
    explorer.wait_for_label(r"iteration 500 of 500")
    explorer.locator.get_by_label("Play").wait_for()


def test_single_steps(explorer):
    explorer.locator.get_by_label("Back to the start").click()
    for _ in range(2):
        explorer.locator.get_by_label("One step forward").click()
    explorer.locator.get_by_label("One step back").click()
    explorer.settle()
    assert read(explorer)[1] == 1


@pytest.mark.parametrize(
    ("preset", "ends"),
    [
        ("too small", "slow"),
        ("good", "converged"),
        ("too large", "diverged, outside the landscape shown"),
        ("NaN", "nan"),
    ],
)
def test_presets_end_as_they_are_named(explorer, preset, ends):
    explorer.locator.get_by_role("button", name=preset, exact=True).click()
    explorer.wait_for_label("iteration [1-9]")
    explorer.drag(1, to=1.0)
    explorer.wait_for_label(f"iteration 500 of 500: loss .*, {ends}$")


def test_clicking_the_landscape_starts_there(explorer, reference):
    explorer.locator.get_by_label("Back to the start").click()
    explorer.settle()
    before = explorer.label
    theta = np.array([2.5, -1.5])
    explorer.click(*place(reference, theta))
    explorer.page.wait_for_function(
        "([e, before]) => e.getAttribute('aria-label') !== before",
        arg=[explorer.root.element_handle(), before],
    )
    explorer.settle()
    assert np.abs(spot(explorer, VERMILLION, LANDSCAPE) - place(reference, theta)).max() < 0.004
    assert read(explorer)[2] == pytest.approx(float(reference.task.loss(theta[None])), rel=0.02)


def test_starting_somewhere_by_keyboard(explorer, reference):
    explorer.locator.get_by_label("Back to the start").click()
    explorer.pad.focus()
    for key in ("ArrowRight", "ArrowUp", "Enter"):
        explorer.page.keyboard.press(key)
    # From the middle, which is the minimum: 2 % of the window to the right and 2 % up.
    low, high = np.array(reference._ground.window).T
    theta = (low + high) / 2 + 0.02 * (high - low)
    loss = float(reference.task.loss(theta[None]))
    explorer.wait_for_label(f"iteration 0 of 500: loss {loss:.3g}")
    explorer.page.keyboard.press("Escape")


def test_changing_the_initialization(explorer):
    explorer.locator.get_by_label("Back to the start").click()
    explorer.settle()
    seen = {explorer.label}

    def changed() -> None:
        explorer.page.wait_for_function(
            "([e, seen]) => !seen.includes(e.getAttribute('aria-label'))",
            arg=[explorer.root.element_handle(), list(seen)],
        )
        seen.add(explorer.label)

    explorer.locator.get_by_role("button", name="New sample").click()
    changed()
    explorer.locator.locator("select").select_option("Uniform")
    changed()
    explorer.drag(2, to=0.3)
    changed()
    explorer.locator.locator("select").select_option("Gaussian")
    changed()
    explorer.drag(3, to=0.5)
    changed()


def test_fits_a_laptop_without_scrolling(lesson):
    explorer = lesson.figure("learning rate")
    notebook = lesson.page.locator(".jp-WindowedPanel-outer").bounding_box()
    box = explorer.locator.bounding_box()
    assert box["height"] <= notebook["height"]
    for axis, side in (("X", "Width"), ("Y", "Height")):
        del axis
        overflow = explorer.locator.evaluate(
            f"e => {{ const o = e.closest('.jp-OutputArea-output'); "
            f"return o.scroll{side} - o.client{side}; }}"
        )
        assert overflow <= 0


def test_by_hand_the_loss_follows_both_sliders(lesson):
    by_hand = lesson.figure("line with")
    task = gd.LinearRegression(gd.datasets.penguins().standardized())
    for W, b in ((0.5, 0.0), (0.9, -0.5)):
        for nth, value in enumerate((W, b)):
            values = gd.FitExplorer(task).scene.dimensions["Wb"[nth]]
            by_hand.drag(nth, to=(value - values[0]) / (values[-1] - values[0]))
        loss = float(task.loss([[W, b]]))
        by_hand.wait_for_label(f"W = {W:g} and b = {b:g}: loss {loss:.4g}")


def test_step_by_step_tells_the_loop(lesson):
    steps = lesson.figure("iteration 0, the start")
    forward = steps.locator.get_by_label("One step forward")
    forward.click()
    steps.wait_for_label(r"the arrow is -ε \* J.mT, downhill: W = -1.000")
    forward.click()
    W, b = descend((-1.0, 1.0), 0.15, 1)
    steps.wait_for_label(f"has moved: W = {W:.3f}, b = {b:.3f}")
