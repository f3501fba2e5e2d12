"""Notebook 02 as a student uses it: in JupyterLab, with mouse and keyboard."""

import re

import numpy as np
import pytest

import gdviz as gd

pytestmark = pytest.mark.browser

NAME = "02_initialization.ipynb"
BLUE, ORANGE, BLACK = (0, 114, 178), (230, 159, 0), (0, 0, 0)


@pytest.fixture(scope="module")
def lesson(open_notebook):
    with open_notebook(NAME) as notebook:
        notebook.run_all()
        notebook.figure("500 starts from N", 1)  # the last one is there
        yield notebook


def part(figure, box) -> np.ndarray:
    """Return a part of the canvas, given as fractions left, top, right, bottom."""
    canvas = figure.canvas().astype(int)
    height, width = canvas.shape[:2]
    left, top, right, bottom = box
    return canvas[
        round(top * height) : round(bottom * height), round(left * width) : round(right * width)
    ]


def covered(pixels, color) -> np.ndarray:
    return (np.abs(pixels[..., :3] - color).max(axis=-1) < 12) & (pixels[..., 3] > 250)


def box_of(axes) -> tuple[float, float, float, float]:
    box = axes.get_position()
    return box.x0, 1 - box.y1, box.x1, 1 - box.y0


def test_the_bowl_gathers_all_starts(lesson):
    figure = lesson.figure("100 starts from N(0, 1)")
    task = gd.LinearRegression(gd.datasets.penguins().standardized())
    reference = gd.StartsExplorer(task)
    landscape, losses = box_of(reference._on_landscape), box_of(reference._on_losses)
    first = covered(part(figure, landscape), BLUE)
    assert np.ptp(np.nonzero(first)[1]) > 0.4 * first.shape[1]

    figure.locator.get_by_label("Play").click()
    figure.wait_for_label("iteration 100 of 100: lowest loss 0.241, median 0.241")
    figure.settle()
    rows, columns = np.nonzero(covered(part(figure, landscape), BLUE))
    assert max(np.ptp(rows), np.ptp(columns)) < 0.1 * first.shape[0]
    axes = reference._on_landscape
    x, y = axes.transAxes.inverted().transform(axes.transData.transform(task.minimizer()[0]))
    centre = np.array([columns.mean(), rows.mean()]) / first.shape[::-1]
    assert np.abs(centre - [x, 1 - y]).max() < 0.02
    # One bar, as high as the axes, at the lowest loss.
    bars = covered(part(figure, losses), BLUE)
    assert bars[len(bars) // 2].mean() < 0.06
    assert bars[len(bars) // 2, : bars.shape[1] // 10].any()
    assert lesson.complaints == []


def test_the_distribution_asks_the_kernel(lesson):
    figure = lesson.figure("100 starts from N(0, 1)")
    figure.locator.get_by_label("Back to the start").click()
    figure.drag(3, to=0.3, steps=1)
    label = figure.wait_for_label(r"starts from N\(0, [^1]\S*\), .* iteration 0 of")
    sigma = float(re.search(r"N\(0, (\S+)\)", label)[1])
    task = gd.LinearRegression(gd.datasets.penguins().standardized())
    reference = gd.StartsExplorer(task, initialization=gd.Gaussian(0, sigma))
    assert figure.label == reference.description
    figure.locator.locator("select").select_option("Uniform")
    figure.wait_for_label(r"starts from U\(-1, 1\)")
    figure.drag(4, to=1.0, steps=1)
    reference = gd.StartsExplorer(task, initialization=gd.Uniform(), n_starts=500)
    figure.wait_for_label(re.escape(reference.description))


def test_the_learning_rate_needs_no_kernel(lesson):
    figure = lesson.figure("100 starts from N(0, 2)")
    figure.drag(1, to=1.0)
    figure.page.wait_for_timeout(300)
    sent = []
    lesson.listen(lambda message: sent.append(message) if "scene" in str(message) else None)
    bumpy = gd.surfaces.bumpy(1)
    reference = gd.StartsExplorer(bumpy, initialization=gd.Gaussian(0, 2))
    reference.iteration.value = 100
    for stop, rate in enumerate(reference.learning_rate.stops):
        figure.drag(0, to=stop / 5)
        reference.learning_rate.value = rate
        figure.wait_for_label(re.escape(reference.description))
    assert sent == []


def test_basins_change_with_the_learning_rate(lesson):
    figure = lesson.figure("learning rate 0.0336")
    dented = gd.Surface(
        lambda x: x**2 / 2 - np.exp(-10 * (x - 2) ** 2),
        lambda x: x + 20 * (x - 2) * np.exp(-10 * (x - 2) ** 2),
        window=(-4, 4),
    )
    reference = gd.BasinsExplorer(dented)
    box = box_of(reference._on_landscape)

    def colours() -> np.ndarray:
        """Return which basin is drawn at each of 500 places, near the top of the curve."""
        strip = part(figure, box)[3]
        colors = [np.array([int(c[k : k + 2], 16) for k in (1, 3, 5)]) for c in _colors(reference)]
        distance = np.array([np.abs(strip[:, :3] - color).max(axis=-1) for color in colors])
        assert (distance.min(axis=0) <= 4).mean() > 0.95
        places = ((np.arange(500) + 0.5) / 500 * strip.shape[0]).astype(int)
        return distance.argmin(axis=0)[places]

    for to in (0.2, 0.36, 0.7):
        figure.drag(0, to=to)
        rate = float(re.search(r"rate (\S+),", figure.label)[1])
        reference.learning_rate.value = rate
        figure.wait_for_label(re.escape(reference.description))
        expected = reference._entries[reference.position["learning_rate"], 0]
        assert (colours() == expected).mean() > 0.93  # stripes are as narrow as pixels


def _colors(explorer) -> list[str]:
    return [color[:7] for color in explorer.scene.marks[0].colors]


def test_a_click_starts_a_descent_there(lesson):
    figure = lesson.figure("loss 1, ends: in no minimum")
    wells = gd.surfaces.double_well(tilt=0)
    reference = gd.BasinsExplorer(wells, start=[[0.0]])
    figure.locator.get_by_label("Play").click()
    figure.wait_for_label("iteration 100 of 100: loss 1, ends: in no minimum")
    axes = reference._on_landscape
    x, y = (axes.transData - axes.figure.transFigure).transform((0.4, 5.0))
    figure.click(x, 1 - y)
    figure.wait_for_label(r"iteration 100 of 100: loss \S+, ends: x = 1.00, loss 0.00")
    figure.locator.get_by_label("Back to the start").click()
    label = figure.wait_for_label("iteration 0 of 100")
    assert float(re.search(r"loss (\S+),", label)[1]) == pytest.approx((0.4**2 - 1) ** 2, abs=0.02)


def test_figures_fit_a_laptop(lesson):
    for label in ("500 starts from N(0, 2)", "ends: x = 3.41"):
        figure = lesson.figure(label)
        notebook = lesson.page.locator(".jp-WindowedPanel-outer").bounding_box()
        assert figure.locator.bounding_box()["height"] <= notebook["height"]
        overflow = figure.locator.evaluate(
            "e => { const o = e.closest('.jp-OutputArea-output'); "
            "return o.scrollWidth - o.clientWidth; }"
        )
        assert overflow <= 0
    assert lesson.complaints == []
