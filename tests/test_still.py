"""Stills against the same artists drawn by plain matplotlib."""

from io import BytesIO

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from gdviz.live import Area, Line, LiveFigure, Points, Raster, Text, Trail
from gdviz.live.still import Painting

X = np.arange(6)
Y = np.array([[-4.0, 1, 3, np.nan, 4, 8], [9, 7, -30, 2, 1, 0.5]])
DIMENSIONS = {"run": ["first", "second"], "step": X}
BOTH = ("run", "step")
CELLS = np.random.default_rng(0).integers(0, 2, (2, 6, 2, 3))
ON_TOP = {"zorder": 100}
ROUND = {"solid_capstyle": "round", "solid_joinstyle": "round", **ON_TOP}


def painting():
    figure = Figure(figsize=(4, 3))
    axes = figure.add_axes((0.15, 0.15, 0.7, 0.7))
    axes.set(xlim=(-0.5, 4.5), ylim=(-5, 10), facecolor="0.9", title="what stands still")
    return axes


def plain_png(figure):
    """Return what plain matplotlib draws, at the resolution and in the colours of a still."""
    figure.set_dpi(200)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    file = BytesIO()
    image.quantize(256, Image.Quantize.FASTOCTREE).save(file, format="png")
    return file.getvalue()


def live(tracks_on):
    axes = painting()
    return LiveFigure(axes.figure, tracks_on(axes), DIMENSIONS)


def outlined_trail(axes, run, step):
    x, y = X[: step + 1], Y[run, : step + 1]
    axes.plot(x, y, color="white", linewidth=2 + 2.4, **ROUND)
    axes.plot(x, y, color="C1", linewidth=2, **ROUND)
    axes.plot(x, y, "o", color="C1", markersize=6, markeredgewidth=0, **ON_TOP)


def bare_trail(axes, run, step):
    axes.plot(X[: step + 1], Y[run, : step + 1], color="#123456", linewidth=3, **ROUND)


def dots(axes, run, step):
    x, y = X[: step + 1], Y[run, : step + 1]
    axes.plot(x, y, "o", color="C1", markersize=6, markeredgewidth=0, **ON_TOP)


def point(axes, run, step):
    style = {"markersize": 12, "markeredgewidth": 1.2, "markeredgecolor": "black"}
    axes.plot(X[step], Y[run, step], "o", color="C2", **style, **ON_TOP)


def ring(axes, run, step):
    style = {"markersize": 12, "markeredgewidth": 1.2, "markeredgecolor": "black"}
    axes.plot(X[step], Y[run, step], "o", markerfacecolor="none", **style, **ON_TOP)


def point_without_rim(axes, run, step):
    style = {"markersize": 12, "markeredgewidth": 1.2}
    axes.plot(X[step], Y[run, step], "o", color="C3", **style, **ON_TOP)


def half_transparent(axes, run, step):
    axes.plot([0, 4], [step, Y[run, 0]], color=(0, 0, 1, 0.5), linewidth=9, **ROUND)


def area(axes, run, step):
    heights = [Y[run, 0], Y[run, step], -3]
    there = [k for k in range(3) if not np.isnan(heights[k])]
    x = np.array([0.2, 1.7, 3.9])[there]
    face, edge = (1, 0, 0, 76 / 255), "black"
    axes.fill(
        x, np.take(heights, there), fc=face, ec=edge, lw=2, joinstyle="round", snap=False, **ON_TOP
    )


def colours(axes, run, step):
    style = {"markersize": 9, "markeredgewidth": 1.2, "markeredgecolor": "white", **ON_TOP}
    for color in ("C0", "C3"):
        there = [k for k in X if (k > step) == (color == "C3")]
        axes.plot(X[there], Y[run, there], "o", color=color, **style)


def raster(axes, run, step):
    axes.autoscale(False)
    image = np.full((2, 3, 4), 0.4)
    image[..., :3] = np.where(CELLS[run, step][..., None] == 1, (0, 0, 1), (1, 0, 0))
    extent = [0.5, 3.5, -2.5, 7.5]
    axes.imshow(
        image, extent=extent, origin="lower", aspect="auto", interpolation="nearest", **ON_TOP
    )


def words(axes, run, step):
    text = f"{DIMENSIONS['run'][run]}, step {step}: $y^2$ = {Y[run, step]:.2f}"
    style = {"fontsize": 11, "fontweight": "bold", "color": "C0", "family": "DejaVu Sans"}
    axes.figure.text(0.5, 0.9, text, ha="center", parse_math=False, **style)


TRACKS = {
    outlined_trail: lambda axes: Trail(axes, X, Y, BOTH, color="C1", outline="white", dots=6),
    bare_trail: lambda axes: Trail(axes, X, Y, BOTH, color="#123456", width=3),
    dots: lambda axes: Trail(axes, X, Y, BOTH, color="C1", width=0, dots=6),
    point: lambda axes: Points(axes, X, Y, BOTH, color="C2", outline="black", size=12),
    ring: lambda axes: Points(axes, X, Y, BOTH, color="none", outline="black", size=12),
    point_without_rim: lambda axes: Points(axes, X, Y, BOTH, color="C3", outline=None, size=12),
    half_transparent: lambda axes: Line(
        axes,
        [0, 4],
        np.stack(np.broadcast_arrays(X, Y[:, :1]), axis=-1),
        BOTH,
        color=(0, 0, 1, 0.5),
        width=9,
    ),
    area: lambda axes: Area(
        axes,
        [0.2, 1.7, 3.9],
        np.stack(np.broadcast_arrays(Y[:, :1], Y, -3), axis=-1),
        BOTH,
        color="red",
        outline="black",
        width=2,
    ),
    colours: lambda axes: Points(
        axes,
        X,
        Y[:, None],
        BOTH,
        color=["C0", "C3"],
        codes=(X[:, None] < X).astype(int),
        size=9,
    ),
    raster: lambda axes: Raster(
        axes, CELLS, ["red", "blue"], (0.5, 3.5, -2.5, 7.5), BOTH, alpha=0.4
    ),
    words: lambda _: Text(
        "{run}, step {step}: $y^2$ = {y:.2f}",
        {"y": Y},
        BOTH,
        x=0.5,
        y=0.9,
        align="center",
        color="C0",
        size=11,
        bold=True,
    ),
}


@pytest.mark.parametrize("plain", TRACKS, ids=lambda plain: plain.__name__)
def test_a_still_is_what_plain_matplotlib_draws(plain, pixels):
    figure = live(lambda axes: [TRACKS[plain](axes)])
    seen = []
    for run, step in ((0, 0), (0, 4), (1, 2), (1, 5)):
        axes = painting()
        plain(axes, run, step)
        actual = pixels(figure.still(run=run, step=step))
        assert actual.shape == (600, 800, 3)
        np.testing.assert_array_equal(actual, pixels(plain_png(axes.figure)))
        seen.append(actual)
    assert not np.array_equal(seen[1], seen[2])


def test_tracks_are_drawn_in_their_order(pixels):
    axes = painting()
    over = [Line(axes, [0, 4], [0, 4], color=color, width=9) for color in ("red", "blue")]
    picture = pixels(LiveFigure(axes.figure, over, {}).still())
    red, blue = picture[..., 0], picture[..., 2]
    assert np.sum((blue > 200) & (red < 50)) > 1000
    assert not np.any((red > 200) & (blue < 50))


def test_stills_leave_no_trace(pixels):
    figure = live(lambda axes: [make(axes) for make in TRACKS.values()])
    before = figure.still(run=0, step=1)
    other = figure.still(run=1, step=5)
    assert figure.still(run=0, step=1) == before
    assert not np.array_equal(pixels(other), pixels(before))
    assert figure._painting.png() == figure.canvas.painting


@pytest.mark.parametrize("kind", [Line, Points])
def test_what_moves_is_clipped_to_its_axes(kind, pixels):
    axes = painting()
    x, y = [-100, -0.5, 2, 4.5, 1e30], [2.5, 10, -5, 4, 1e300]
    style = {"width": 12} if kind is Line else {"size": 40}
    figure = LiveFigure(axes.figure, [kind(axes, x, y, color="red", **style)], {})
    change = np.abs(pixels(figure.still()) - pixels(figure.canvas.painting))
    changed = (change > 16).any(axis=-1)  # less, where a colour was rounded to one of 256
    box = axes.get_window_extent()
    # matplotlib clips markers to whole pixels, those that hold the edges included.
    rows = slice(round(600 - box.y1), round(600 - box.y0) + 1)
    inside = changed[rows, round(box.x0) : round(box.x1) + 1]
    assert inside.sum() > 1000
    assert changed.sum() == inside.sum()


@pytest.mark.parametrize("words", [r"$\frac{1}{2}$", r"a_1 \$ {", "100 % & <b>x</b>", "$"])
def test_text_is_never_read_as_math_or_tex(words, pixels):
    axes = painting()
    dimensions = {"word": [words]}
    figure = LiveFigure(axes.figure, [Text("{word}", axes=axes, y=0.5)], dimensions)
    plain = painting()
    box = plain.get_position()
    plain.figure.text(
        box.x0, box.y0 + box.height / 2, words, parse_math=False, size=12, va="baseline"
    )
    with mpl.rc_context({"text.usetex": True}):
        still = figure.still()
    np.testing.assert_array_equal(pixels(still), pixels(plain_png(plain.figure)))
    assert not np.array_equal(pixels(still), pixels(figure.canvas.painting))
    assert figure.scene.payload["marks"][0]["parts"][0]["words"] == (words,)


def test_a_repainted_figure_has_repainted_stills(pixels):
    axes = painting()
    figure = LiveFigure(axes.figure, [Points(axes, 2, 2)], {})
    first = pixels(figure.still())
    axes.set_ylim(0, 4)
    figure.update([Points(axes, 2, 2)], repaint=True)
    plain = painting()
    plain.set_ylim(0, 4)
    style = {"markersize": 8, "markeredgewidth": 1.2, "markeredgecolor": "white"}
    plain.plot(2, 2, "o", color="C0", **style, **ON_TOP)
    np.testing.assert_array_equal(pixels(figure.still()), pixels(plain_png(plain.figure)))
    assert not np.array_equal(pixels(figure.still()), first)


def two_panels(*, moved=False):
    left, right = (figure := Figure(figsize=(6, 3), facecolor="#fffcf4")).subplots(1, 2)
    figure.suptitle("both")
    for axes in (left, right):
        axes.set(xlim=(0, 4), ylim=(0, 4), xlabel="x", title="what stands")
        axes.plot([0, 4], [0, 3])
    if moved:
        change(right)
    return figure


def change(axes):
    """Draw something else, whose labels need another space."""
    axes.clear()
    axes.set(xlim=(0, 4000), ylim=(0, 0.4), xlabel="x\nand more", facecolor="0.9")
    axes.contour(np.arange(4000, step=1000), [0, 0.2, 0.4], np.random.default_rng(0).random((3, 4)))


def test_axes_painted_alone_look_as_in_the_whole_figure():
    figure = two_panels()
    painting, left, right = Painting(figure), *figure.axes
    first = painting.pixels.copy()
    painting.repaint([right])
    assert painting.patches() == []  # the first time, all is painted
    np.testing.assert_array_equal(painting.pixels, first)
    change(right)
    painting.repaint([right])
    there = Painting(two_panels(moved=True)).pixels
    np.testing.assert_array_equal(painting.pixels, there)
    right.clear()
    right.set(xlim=(0, 4), ylim=(0, 4), xlabel="x", title="what stands", facecolor="white")
    right.plot([0, 4], [0, 3])
    painting.repaint([right])
    np.testing.assert_array_equal(painting.pixels, first)
    [patch] = painting.patches()
    left_edge, top, right_edge, bottom = (round(2 * edge) for edge in patch["box"])
    assert left_edge > 550
    # Once painted with its patch, the painting of the browser holds all that ever was there.
    changed = (first != there).any(axis=-1)
    assert changed.sum() > 10_000
    assert not changed[:, :left_edge].any()
    assert changed[top:bottom, left_edge:right_edge].sum() == changed.sum()
    painting.repaint([left, right])  # of the left one nothing is known
    assert painting.patches() == []
    left.set_visible(False)
    painting.repaint([left, right])
    assert len(painting.patches()) == 2
    np.testing.assert_array_equal(
        painting.pixels[200:, :500], painting.pixels[0, 0] + 0 * first[200:, :500]
    )
