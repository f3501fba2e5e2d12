"""What stands still: contours, loss axes, data, in one look."""

from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from gdviz.datasets import Dataset, penguins
from gdviz.figures import COLORS, draw_fit, draw_landscape, draw_loss, gdviz_style
from gdviz.figures.landscape import LEVELS
from gdviz.landscape import Landscape, landscape, parameter_plane
from gdviz.linear import LinearRegression

TASK = LinearRegression(penguins().standardized())
PLANE = parameter_plane(TASK)


@pytest.fixture
def axes():
    return Figure().add_axes((0.2, 0.2, 0.6, 0.6))


def draw(axes):
    FigureCanvasAgg(axes.figure).draw()


# --- the landscape ------------------------------------------------------------------------------


def drawn_landscape(axes, window=((-2, 2), (-3, 3))):
    picture = landscape(TASK, PLANE, window)
    draw_landscape(axes, picture, PLANE, TASK.minimizer())
    draw(axes)
    return picture


def test_a_landscape_fills_its_axes_and_names_them(axes):
    drawn_landscape(axes)
    assert axes.get_xlim() == (-2, 2)
    assert axes.get_ylim() == (-3, 3)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("W", "b")
    assert axes.get_box_aspect() == 1


def test_levels_reach_from_least_to_greatest_as_squares(axes):
    picture = drawn_landscape(axes)
    levels = axes.collections[0].levels
    assert len(levels) == LEVELS
    assert levels[0] == picture.loss.min()
    assert levels[-1] == pytest.approx(picture.loss.max())
    np.testing.assert_allclose(np.diff(np.sqrt(np.maximum(levels - levels[0], 0)), 2), 0, atol=1e-7)


def test_low_losses_are_dark(axes):
    with gdviz_style():
        drawn_landscape(axes)
    filled = axes.collections[0]
    brightness = filled.cmap(filled.norm(filled.levels))[:, :3].sum(axis=1)
    assert (np.diff(brightness) > 0).all()
    assert filled.cmap.name == "viridis"


def test_a_star_marks_the_minimizer(axes):
    drawn_landscape(axes)
    [star] = [line for line in axes.lines if line.get_marker() == "*"]
    np.testing.assert_allclose(np.ravel(star.get_xydata()), TASK.minimizer()[0])


def test_without_a_minimizer_there_is_no_star(axes):
    draw_landscape(axes, landscape(TASK, PLANE, ((0, 1), (0, 1))), PLANE)
    assert not [line for line in axes.lines if line.get_marker() == "*"]


def test_contours_pass_through_their_losses(axes):
    drawn_landscape(axes)
    rings = axes.collections[1]
    for level, path in list(zip(rings.levels, rings.get_paths(), strict=True))[4:10]:
        points = path.vertices[:: max(1, len(path.vertices) // 20)]
        assert len(points) >= 20
        np.testing.assert_allclose(TASK.loss(PLANE.point(*points.T)), level, rtol=0.02)


def test_the_colour_bar_says_the_ends(axes):
    picture = drawn_landscape(axes)
    [bar] = axes.child_axes
    texts = [label.get_text() for label in bar.get_yticklabels()]
    assert [texts[0], texts[-1]] == [f"{picture.loss.min():.2g}", f"{picture.loss.max():.2g}"]


@pytest.mark.parametrize(
    "loss",
    [np.zeros((3, 3)), np.array([[1, 2, np.inf], [2, np.nan, 4], [3, 4, 5.0]]), 1e200 * np.eye(3)],
    ids=["flat", "with holes", "huge"],
)
def test_awkward_landscapes_are_drawn(axes, loss):
    grid = np.linspace(-1, 1, 3)
    draw_landscape(axes, Landscape(np.stack([grid, grid]), loss), PLANE)
    draw(axes)
    filled = axes.collections[0]
    assert np.isfinite(filled.levels).all()
    finite = loss[np.isfinite(loss)]
    assert filled.levels[0] <= finite.min()
    assert filled.levels[-1] >= finite.max()
    assert sum(len(path.vertices) for path in filled.get_paths()) > 0


def test_ticks_of_large_windows_are_short(axes):
    drawn_landscape(axes, ((-20_000, 20_000), (-1, 1)))
    texts = [label.get_text() for label in axes.get_xticklabels()]
    assert {"0", "8k", "16k", "-16k"} <= set(texts)
    drawn_landscape(axes, ((-2e7, 2e7), (-1, 1)))
    texts = [label.get_text() for label in axes.get_xticklabels()]
    assert {"0", "8e+06", "-8e+06"} <= set(texts)


# --- the loss curve -----------------------------------------------------------------------------


@pytest.mark.parametrize("iterations", [1, 3, 5, 10, 20, 100, 500, 12_345, 1_000_000])
def test_loss_axes_reach_to_the_last_iteration(axes, iterations):
    draw_loss(axes, iterations)
    draw(axes)
    start, end = axes.get_xlim()
    assert -1 < start < 0  # room for a marker at either end
    assert iterations < end < 1.5 * iterations
    assert axes.get_yscale() == "log"
    ticks = axes.get_xticks()
    assert {0, iterations} <= set(ticks)
    texts = [label.get_text() for label in axes.get_xticklabels()]
    assert {text for text in texts if text} >= {"0", "5", str(iterations)}
    for tick, text in zip(ticks, texts):
        assert text in ("", str(round(tick)))
    assert axes.get_xlabel() == "iteration"


def test_numbers_under_the_loss_do_not_touch(axes):
    axes.figure.set_size_inches(11, 4.3)
    axes.set_position((0.485, 0.13, 0.19, 0.69))  # the narrowest panel there is
    draw_loss(axes, 300)
    draw(axes)
    boxes = [label.get_window_extent() for label in axes.get_xticklabels() if label.get_text()]
    boxes.sort(key=lambda box: box.x0)
    assert len(boxes) > 3
    assert all(left.x1 + 10 < right.x0 for left, right in pairwise(boxes))


def test_early_iterations_are_evenly_spaced(axes):
    draw_loss(axes, 500)
    places = axes.transData.transform([(k, 1) for k in (0, 1, 2, 9, 10, 100, 200)])[:, 0]
    steps = np.diff(places[[0, 1, 2]])
    assert steps[0] == pytest.approx(steps[1])
    assert places[4] - places[3] == pytest.approx(steps[0])
    assert places[6] - places[5] < steps[0] * 50


# --- the data -----------------------------------------------------------------------------------


def test_fit_shows_every_sample_inside_its_axes(axes):
    dataset = penguins()
    draw_fit(axes, dataset)
    points = axes.collections[0].get_offsets()
    np.testing.assert_array_equal(points, np.column_stack([dataset.X[:, 0], dataset.y]))
    for (low, high), values in zip((axes.get_xlim(), axes.get_ylim()), points.T, strict=True):
        assert low < values.min()
        assert values.max() < high
    assert axes.get_xlabel() == dataset.feature_names[0]
    assert axes.get_ylabel() == dataset.target_name
    assert axes.get_title(loc="left") + axes.get_title() == "Data and fit"


def test_only_the_first_of_very_many_samples_are_shown(axes):
    x = np.arange(6_000.0)
    draw_fit(axes, Dataset(x, x))
    assert len(axes.collections[0].get_offsets()) == 5_000
    title = axes.get_title(loc="left") + axes.get_title()
    assert title == "Data and fit (first 5000 samples)"


@pytest.mark.parametrize("dataset", [Dataset([1], [2]), Dataset([3, 3], [1, 1]), Dataset([0], [0])])
def test_samples_at_one_place_get_room(axes, dataset):
    draw_fit(axes, dataset)
    assert np.ptp(axes.get_xlim()) == np.ptp(axes.get_ylim()) == 2


# --- the look -----------------------------------------------------------------------------------


def settings():
    """Return matplotlib's settings, without the backend, which finds itself when asked for."""
    return {name: mpl.rcParams[name] for name in mpl.rcParams if name != "backend"}


def test_the_style_does_not_leak():
    before = settings()
    with gdviz_style():
        assert mpl.rcParams["axes.spines.top"] is False
    assert settings() == before


def test_the_style_is_the_same_whatever_was_set_before():
    with gdviz_style():
        plain = settings()
    with mpl.rc_context({"text.usetex": True, "font.size": 30, "axes.facecolor": "black"}):
        with gdviz_style():
            changed = settings()
        assert mpl.rcParams["font.size"] == 30
    assert changed == plain


def luminance(color):
    """Return the relative luminance of WCAG 2."""
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def test_what_moves_can_be_told_from_the_paper():
    contrast = 1.05 / (luminance(COLORS["vermillion"]) + 0.05)
    assert contrast >= 3  # WCAG 1.4.11, graphics
    assert len(set(COLORS.values())) == 8


def test_constant_samples_far_from_zero_have_limits():
    axes = Figure().add_subplot()
    draw_fit(axes, Dataset([[1e20], [1e20]], [1, 2]))
    low, high = axes.get_xlim()
    assert low < 1e20 < high
