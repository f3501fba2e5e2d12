"""Bad input to LiveFigure and its tracks: what is drawn is what was given, or it is refused."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from matplotlib.figure import Figure
from strategies import NEVER_NUMBERS, REFUSED, answers, fuzz

from gdviz.live import (
    Area,
    Line,
    LiveFigure,
    OpenStopSlider,
    Player,
    Points,
    Raster,
    StopSlider,
    Text,
    Trail,
)

SIZES = {"a": 2, "b": 3}
DIMENSIONS = {"a": [0.1, 0.2], "b": np.arange(3)}
NAMES = ("Trail", "Line", "Points", "Area", "Raster", "coordinates", "codes", "extent", "over")
NUMBERS = st.floats() | st.sampled_from([0, 1, -1, np.nan, np.inf, 1e308, 1e-320])
SHAPES = st.sampled_from(
    [(), (1,), (4,), (2, 4), (3, 4), (2, 3, 4), (2, 1, 4), (2, 3), (0,), (5, 5)]
)
ARRAYS = SHAPES.flatmap(lambda shape: hnp.arrays(float, shape, elements=NUMBERS))
OVERS = st.sampled_from([(), ("a",), ("b",), ("a", "b"), ("b", "a"), ("c",)])


def figure_of(tracks, **options):
    axes = tracks[0].axes if tracks else Figure(figsize=(2, 2)).subplots()
    return LiveFigure(axes.figure, tracks, DIMENSIONS, **options)


def new_axes(scale="linear"):
    axes = Figure(figsize=(2, 2)).subplots()
    axes.set(xlim=(0.1, 4), ylim=(0.1, 4), xscale=scale, yscale=scale)
    return axes


@given(
    kind=st.sampled_from([Trail, Line, Points, Points, Area]),
    x=ARRAYS,
    y=ARRAYS,
    over=OVERS,
    scale=st.sampled_from(["linear", "log"]),
)
@example(kind=Points, x=np.array(1e308), y=np.array(-1e308), over=(), scale="linear")
@fuzz(24)
def test_tracks_show_what_they_are_given(kind, x, y, over, scale):
    figure = answers(lambda: figure_of([kind(new_axes(scale), x, y, over)]), *NAMES)
    if figure is REFUSED:
        return
    assert figure.still()
    figure.controls["a"].index, figure.controls["b"].value = 1, 2
    if kind is Points:
        place = {"a": 1, "b": 2}
        index = tuple(place[name] for name in over)
        sizes = tuple(SIZES[name] for name in over)
        if max(x.ndim, y.ndim) <= len(over):  # a single point
            x, y = x[..., None], y[..., None]
        full = np.broadcast_shapes(x.shape, y.shape, (*sizes, 1))
        with np.errstate(all="ignore"):
            points = np.stack([np.broadcast_to(c, full)[index] for c in (x, y)], axis=-1)
            [mark] = figure.scene.marks
            expected = mark.axes.transData.transform(points).T / 2
        expected[1] = 200 - expected[1]
        shown = np.array(mark.at(figure.position), dtype=float)
        near = (np.abs(expected) < 1e4).all(axis=0)
        np.testing.assert_allclose(shown[:, near], expected[:, near], rtol=1e-5, atol=0.02)
    figure.close()


@given(
    codes=SHAPES.flatmap(lambda shape: hnp.arrays(int, shape, elements=st.integers(-1, 3))),
    extent=st.lists(NUMBERS, min_size=3, max_size=5),
    over=OVERS,
)
@fuzz(15)
def test_rasters(codes, extent, over):
    raster = Raster(new_axes(), codes, ["red", "blue", "green"], tuple(extent), over)
    figure = answers(lambda: figure_of([raster]), *NAMES)
    if figure is not REFUSED:
        assert figure.still()
        figure.close()


TEMPLATES = st.sampled_from(
    [
        *(
            "{v:.3g}",
            "{v}",
            "{v:d}",
            "{",
            "}",
            "{}",
            "{0}",
            "{v!r}",
            "{w}",
            "{a:.2f} {b}",
            "{v.real}",
        ),
        *("{v[0]}", "{{v}}", "{v:.999f}", "{v:{b}}", "$\\frac{", "", "{c}", "{v:>9}"),
    ]
)


@given(
    template=TEMPLATES | st.text("ab{}:!.3g$_^\\ ", max_size=12),
    values=ARRAYS | hnp.arrays(int, (2, 3)) | st.sampled_from(NEVER_NUMBERS),
    over=OVERS,
)
@fuzz(25)
def test_texts(template, values, over):
    text = Text(template, {"v": values}, over, {"w": ["one", "two"]}, y=0.5)
    drawn = new_axes().figure
    names = ("template", "field", "values", "Text")
    figure = answers(lambda: LiveFigure(drawn, [text], DIMENSIONS, description=text), *names)
    if figure is REFUSED:
        return
    assert figure.description == figure.scene.marks[0].at(figure.position)
    assert figure.still()
    figure.close()


@given(
    values=ARRAYS | st.sampled_from(NEVER_NUMBERS) | hnp.arrays("U2", (3,)) | st.lists(NUMBERS),
)
@fuzz(15)
def test_dimensions(values):
    def make():
        axes = new_axes()
        return LiveFigure(axes.figure, [Points(axes, 1, 1)], {"size": values})

    figure = answers(make, "dimension")
    if figure is not REFUSED:
        control = figure.controls["size"]
        last = len(figure.scene.dimensions["size"]) - 1
        if hasattr(control, "options"):
            control.index = last
        else:
            control.value = control.max
        assert figure.scene.dimensions["size"][figure.position["size"]] == np.asarray(values)[last]
        figure.close()


STOPS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5, unique=True).map(sorted)


@given(stops=STOPS | st.sampled_from(NEVER_NUMBERS), value=NUMBERS | st.sampled_from(NEVER_NUMBERS))
@fuzz(25)
def test_sliders_with_stops(stops, value):
    for kind in (StopSlider, OpenStopSlider):
        slider = answers(lambda: kind(stops, value), "stops", "value")  # noqa: B023
        if slider is REFUSED:
            continue
        assert slider.value in slider.stops
        held = slider.value
        for bad in [*NEVER_NUMBERS, np.nan, np.inf, True]:
            assert answers(lambda: setattr(slider, "value", bad), "value") is REFUSED  # noqa: B023
            assert slider.value == held
        slider.close()


@pytest.fixture(scope="module")
def standing():
    axes = new_axes()
    return figure_of([Trail(axes, np.arange(3), np.arange(3), ("b",)), Text("{b}", y=0.5)])


MANY = 10**9
BAD = [*NEVER_NUMBERS, -1, 3, 10**30, 1.5, np.nan, True]


@given(bad=st.sampled_from([bad for bad in BAD if bad is not True]))
@fuzz(20)
def test_stills_of_positions_that_are_none(standing, bad):
    assert answers(lambda: standing.still(b=bad), "b") is REFUSED
    assert answers(lambda: standing.still(nothing=bad), "position", "nothing") is REFUSED


@given(bad=st.sampled_from([*NEVER_NUMBERS[1:], 0, -1, np.nan, np.inf, MANY, True]))
@fuzz(8)
def test_files_that_cannot_be(standing, tmp_path_factory, bad):
    folder = tmp_path_factory.getbasetemp()
    before = sorted(folder.iterdir())
    calls = {
        "dpi": lambda: standing.save(folder / "x.png", dpi=bad),
        "fps": lambda: standing.save(folder / "x.gif", fps=bad, frames=3),
        "frames": lambda: standing.save(folder / "x.gif", frames=bad),
        "path": lambda: standing.save(bad),
        "over": lambda: standing.save(folder / "x.gif", over=bad),
    }
    for name, call in calls.items():
        if name != "frames" or bad is not MANY:  # as many as there are steps
            assert answers(call, name) is REFUSED, name
    assert sorted(folder.iterdir()) == before


@given(bad=st.sampled_from([*NEVER_NUMBERS, 1, "text"]))
@fuzz(6)
def test_updates_and_clicks_that_are_refused_change_nothing(standing, bad):
    scene, picture = standing.scene, standing.still()
    names = ("tracks", "dimensions", "description", "only_here", "axes", "callback", "control")
    for call in (
        lambda: standing.update([bad]),
        lambda: standing.update(None if np.iterable(bad) else bad),
        lambda: standing.update([], only_here=[bad]),
        lambda: standing.on_click(bad, print),
        lambda: standing.on_click(scene.marks[0].axes, None if callable(bad) else bad),
        lambda: Player(bad),
    ):
        assert answers(call, *names) is REFUSED
        assert standing.scene is scene
    assert answers(lambda: standing.update([], {"c": [1]}), *names) is REFUSED
    assert standing.still() == picture
