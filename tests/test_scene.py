"""Tracks in figure pixels, against matplotlib's own mapping; what is sent; what is refused."""

import json
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gdviz.live import Area, Line, Points, Raster, Text, Trail
from gdviz.live.scene import FAR, LARGEST, NEAR, build_scene

SIZE = (5.0, 4.0)


def drawn(figure, dpi=200):
    """Draw ``figure``, as has to be done before its coordinates are known."""
    figure.set_dpi(dpi)
    FigureCanvasAgg(figure).draw()
    return figure


def scene_of(axes, tracks, dimensions=None, description="", max_bytes=10_000_000):
    figure = axes.get_figure(root=True)
    if axes is not plain_axes():
        drawn(figure)
    return build_scene(figure, tracks, dimensions or {}, Text(description), max_bytes)


def new_axes(**limits):
    axes = Figure(figsize=SIZE).subplots()
    axes.set(**({"xlim": (0, 10), "ylim": (-1, 1)} | limits))
    return axes


@cache
def plain_axes():
    """Return axes that have been drawn, and that no test changes."""
    axes = new_axes()
    drawn(axes.figure)
    return axes


def marks_of(track, axes, **dimensions):
    return scene_of(axes, [track], dimensions).marks[0]


# --- coordinates --------------------------------------------------------------------------------


def linear():
    return new_axes()


def inverted():
    return new_axes(xlim=(10, 0))


def log():
    return new_axes(xscale="log", yscale="log", xlim=(0.01, 100), ylim=(1e-6, 1))


def symlog():
    axes = new_axes()
    axes.set_xscale("symlog", linthresh=10, linscale=1.2)
    axes.set(xlim=(0, 500), ylim=(-3, 3))
    return axes


def logit():
    return new_axes(xlim=(0.1, 4), yscale="logit", ylim=(0.01, 0.99))


def equal_aspect():
    axes = new_axes(ylim=(0, 3))
    axes.set_aspect("equal")
    return axes


def constrained_layout():
    axes = Figure(figsize=SIZE, layout="constrained").subplots()
    axes.set(xlim=(0, 10), ylim=(0, 4), ylabel="a\ntall\nlabel")
    return axes


def in_a_subfigure():
    axes = Figure(figsize=SIZE).subfigures(2, 2)[1, 0].subplots()
    axes.set(xlim=(0, 4), ylim=(0, 4))
    return axes


def polar():
    axes = Figure(figsize=SIZE).add_subplot(projection="polar")
    axes.set(ylim=(0, 4))
    return axes


def three_d():
    axes = Figure(figsize=SIZE).add_subplot(projection="3d")
    axes.set(xlim=(0, 4), ylim=(0, 4), zlim=(0, 4))
    axes.view_init(elev=40, azim=-25, roll=5)
    return axes


FLAT = [linear, inverted, log, symlog, logit, equal_aspect, constrained_layout, in_a_subfigure]


def as_matplotlib_plots(axes, *coordinates):
    """Return where plain matplotlib puts the points of ``axes.plot``, in 1/100 inches."""
    axes.autoscale(False)
    [line] = axes.plot(*coordinates)
    figure = drawn(axes.get_figure(root=True))
    with np.errstate(all="ignore"):
        points = line.get_transform().transform(line.get_xydata())
    return points[:, 0] / 2, (figure.bbox.height - points[:, 1]) / 2


@pytest.mark.parametrize("make", [*FLAT, polar, three_d])
@pytest.mark.parametrize("track", [Line, Points, Area])
def test_points_lie_where_matplotlib_puts_them(make, track):
    rng = np.random.default_rng(0)
    coordinates = rng.uniform(0.02, 3.9, (3 if make is three_d else 2, 50))
    if make is logit:
        coordinates[1] /= 4
    z = {"z": coordinates[2]} if make is three_d else {}
    axes = make()
    marks = marks_of(track(axes, *coordinates[:2], **z), axes)
    expected = as_matplotlib_plots(make(), *coordinates)
    for actual, pixels in zip(marks.at({}), expected, strict=True):
        assert actual.dtype == np.float32
        np.testing.assert_allclose(actual, pixels, rtol=0, atol=2e-4)
        assert np.ptp(pixels) > 20  # a comparison of something


@pytest.mark.parametrize("make", [linear, log, polar])
def test_what_has_no_place_becomes_nan(make):
    x = np.array([1.0, np.nan, 2.0, np.inf, 3.0, -np.inf])
    y = np.array([0.5, 0.5, np.nan, 0.5, np.inf, -np.inf])
    axes = make()
    marked = np.array(marks_of(Line(axes, x, y), axes).at({}))
    with np.errstate(all="ignore"):
        finite = np.isfinite(axes.transData.transform(np.stack([x, y], axis=-1))).T
    finite = finite.all(axis=0)  # a point with one coordinate is none
    assert finite[0]
    assert not finite[1:5].any()
    np.testing.assert_array_equal(np.isfinite(marked).all(axis=0), finite)
    assert np.isnan(marked).any(axis=0)[~finite].all()


@settings(deadline=None)
@given(st.lists(st.floats(width=64), min_size=1, max_size=20))
def test_any_float_is_mapped_or_nan(values):
    axes = plain_axes()
    scene = build_scene(axes.figure, [Line(axes, values, values)], {}, Text(""), 10_000)
    marked = np.array(scene.marks[0].at({})).astype(float)
    x, y = np.array(values), np.array(values)
    box = axes.get_position()
    with np.errstate(all="ignore"):
        expected = np.stack(
            [
                500 * (box.x0 + box.width * x / 10),
                400 * (1 - box.y0 - box.height * (y + 1) / 2),
            ]
        )
    huge = np.abs(expected) > LARGEST
    # A value may leave float64's range on matplotlib's way to the pixel, not on this one.
    margin = np.abs(values) > 1e300
    assert (np.isnan(marked) | ~np.isnan(expected)).all()
    assert np.isfinite(marked[~huge & ~margin & np.isfinite(values)]).all()
    assert np.isnan(marked[np.abs(expected) > 1.001 * LARGEST]).all()
    shown = np.isfinite(marked) & ~huge
    np.testing.assert_allclose(marked[shown], expected[shown], rtol=1e-5, atol=1e-3)


def test_zero_on_a_log_axis_lies_far_below_as_in_matplotlib():
    axes = log()
    _, y = marks_of(Line(axes, [1, 1], [0.1, 0]), axes).at({})
    _, expected = as_matplotlib_plots(log(), [1, 1], [0.1, 0])
    np.testing.assert_allclose(y, expected, rtol=1e-6)
    assert y[1] > 10_000


@pytest.mark.parametrize("dpi", [50, 100, 333])
def test_the_resolution_of_the_painting_does_not_matter(dpi):
    axes = new_axes()
    build = (drawn(axes.figure, dpi), [Line(axes, [2, 3], [0, 1])], {}, Text(""), 1000)
    marked = np.array(build_scene(*build).marks[0].at({}))
    np.testing.assert_allclose(marked, as_matplotlib_plots(new_axes(), [2, 3], [0, 1]), atol=1e-4)


def test_the_clip_is_the_axes_box():
    for make in (linear, equal_aspect, in_a_subfigure, polar):
        axes = make()
        scene = scene_of(axes, [Line(axes, [1], [1])])
        drawn(axes.get_figure(root=True), dpi=100)
        box = axes.get_window_extent()
        expected = [box.x0, 400 - box.y1, box.width, box.height]
        np.testing.assert_allclose(scene.payload["marks"][0]["clip"], expected)


# --- over dimensions ----------------------------------------------------------------------------

A, B = np.arange(3), [0.1, 0.2, 0.5, 1.0]


def test_a_line_over_two_dimensions_shows_its_place():
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0, 10, 7), rng.uniform(-1, 1, (3, 4, 7))
    axes = plain_axes()
    marks = marks_of(Line(axes, x, y, ("a", "b")), axes, a=A, b=B)
    for a in range(3):
        for b in range(4):
            single = marks_of(Line(axes, x, y[a, b]), axes)
            actual = marks.at({"a": a, "b": b})
            np.testing.assert_array_equal(actual, single.at({}))


def test_axes_of_length_one_are_the_same_for_all():
    y = np.linspace(-1, 1, 4)[None, :, None]
    axes = plain_axes()
    marks = marks_of(Line(axes, [1, 2], y, ("a", "b")), axes, a=A, b=B)
    first = marks.at({"a": 0, "b": 2})
    np.testing.assert_array_equal(first, marks.at({"a": 2, "b": 2}))
    assert not np.array_equal(first, marks.at({"a": 0, "b": 3}))


def test_a_trail_grows_along_the_last_dimension():
    rng = np.random.default_rng(2)
    y = rng.uniform(-1, 1, (3, 4))
    axes = plain_axes()
    marks = marks_of(Trail(axes, B, y, ("a", "b")), axes, a=A, b=B)
    assert marks.grows == "b"
    for a in range(3):
        whole = marks_of(Line(axes, B, y[a]), axes).at({})
        for b in range(4):
            grown = marks.at({"a": a, "b": b})
            assert len(grown[0]) == len(grown[1]) == b + 1
            np.testing.assert_array_equal(grown, np.array(whole)[:, : b + 1])


def test_single_points_and_many():
    x, y = np.array([1.0, 2.0, 3.0]), np.array([0.0, 0.5, 1.0])
    axes = plain_axes()
    single = marks_of(Points(axes, x, y, ("a",)), axes, a=A)
    fixed_x = marks_of(Points(axes, 2.0, y, ("a",)), axes, a=A)
    many = marks_of(Points(axes, x, y), axes)
    for a in range(3):
        assert single.at({"a": a})[0].shape == (1,)
        np.testing.assert_array_equal(np.ravel(single.at({"a": a})), np.array(many.at({}))[:, a])
        assert fixed_x.at({"a": a}) == (many.at({})[0][1], many.at({})[1][a])
    alone = marks_of(Points(axes, 1.0, 0.0), axes)
    np.testing.assert_array_equal(np.ravel(alone.at({})), np.array(many.at({}))[:, 0])


def test_no_points_at_all():
    axes = plain_axes()
    for marks in (marks_of(kind(axes, [], []), axes) for kind in (Line, Points, Area)):
        assert [c.shape for c in marks.at({})] == [(0,), (0,)]


def test_points_have_the_colour_of_their_code():
    x, codes = np.arange(5.0), np.array([[0, 1, 2, 1, 0], [2, 2, 2, 2, 2], [0, 0, 0, 0, 1]])
    axes = plain_axes()
    track = Points(axes, x, 0, ("a",), color=["red", "lime", "blue"], codes=codes)
    marks = marks_of(track, axes, a=A)
    assert marks.colors == ("#ff0000ff", "#00ff00ff", "#0000ffff")
    for a in range(3):
        assert marks.at({"a": a})[0].shape == (5,)
        np.testing.assert_array_equal(marks.codes_at({"a": a}), codes[a])
    # One point that moves and changes its colour; the same codes for all; many in one place.
    moving = marks_of(Points(axes, x[:3], 0, ("a",), color=["r", "g"], codes=[0, 1, 0]), axes, a=A)
    assert [moving.codes_at({"a": a}).tolist() for a in range(3)] == [[0], [1], [0]]
    fixed = marks_of(
        Points(axes, x, codes, ("a",), color=["r", "g"], codes=[1, 0, 0, 1, 1]), axes, a=A
    )
    assert fixed.codes_at({"a": 2}).tolist() == [1, 0, 0, 1, 1]
    single = marks_of(Points(axes, 1, 0, color=["r", "g"], codes=[1, 0, 1]), axes)
    assert single.at({})[0].shape == (3,)
    assert single.codes_at({}).tolist() == [1, 0, 1]


# --- areas --------------------------------------------------------------------------------------


def inside(marks, position, at):
    """Tell for every point in figure pixels whether it lies in the polygon (an odd crossing)."""
    x, y = (c[~np.isnan(c)].astype(float) for c in marks.at(position))
    result = np.zeros(len(at), dtype=bool)
    for x0, y0, x1, y1 in zip(x, y, np.roll(x, -1), np.roll(y, -1), strict=True):
        if y0 != y1:
            between = (at[:, 1] < y0) != (at[:, 1] < y1)
            result ^= between & (at[:, 0] < x0 + (at[:, 1] - y0) / (y1 - y0) * (x1 - x0))
    return result


@settings(deadline=None, max_examples=200)
@given(
    corners=st.lists(
        st.tuples(
            st.one_of(st.integers(0, 10), st.sampled_from([-1e9, -1e5, 1e5, 3e9, 1e14])),
            st.one_of(st.integers(-1, 1), st.sampled_from([-1e8, -3e5, 1e5, 1e9, -1e15])),
        ),
        min_size=3,
        max_size=7,
    ),
    gap=st.integers(0, 7),
)
def test_an_area_with_far_corners_fills_the_same_part_of_the_picture(corners, gap):
    axes = plain_axes()
    x, y = np.array(corners, dtype=float).T
    with_gap = [np.insert(c, min(gap, len(x)), np.nan) for c in (x, y)]
    there = np.stack([x, x[::-1]]), np.stack([y, y[::-1]])
    marks = marks_of(Area(axes, *with_gap), axes)
    both = marks_of(Area(axes, *there, ("a",)), axes, a=[0, 1])
    pixels = np.array(marks.at({}))
    assert np.nanmax(np.abs(pixels), initial=0) <= NEAR
    # In data coordinates, exactly (the crossing rule of `inside` with whole numbers).
    rng = np.random.default_rng(0)
    at = np.stack([rng.uniform(0, 10, 300), rng.uniform(-1, 1, 300)], axis=-1)
    expected, near_edge = np.zeros(300, dtype=bool), np.zeros(300, dtype=bool)
    for x0, y0, x1, y1 in zip(x, y, np.roll(x, -1), np.roll(y, -1), strict=True):
        if y0 != y1:
            edge = x0 + (at[:, 1] - y0) / (y1 - y0) * (x1 - x0)
            expected ^= ((at[:, 1] < y0) != (at[:, 1] < y1)) & (at[:, 0] < edge)
        length = np.hypot(x1 - x0, y1 - y0)
        if length:
            across = (at[:, 0] - x0) * (y1 - y0) - (at[:, 1] - y0) * (x1 - x0)
            near_edge |= np.abs(across) / length < 0.01
    to_figure = axes.transData - axes.figure.transFigure
    figure = to_figure.transform(at) * (500, -400) + (0, 400)
    clear = ~near_edge
    for found in (marks, both):
        for a in range(2):
            np.testing.assert_array_equal(inside(found, {"a": a}, figure)[clear], expected[clear])


def test_an_area_near_the_picture_is_left_as_it_is():
    axes = plain_axes()
    x = np.array([1, np.nan, 3, 2, 9])
    mapped = marks_of(Area(axes, x, [0, 0, 1, np.nan, -1]), axes).at({})
    expected = marks_of(Line(axes, x, [0, 0, 1, np.nan, -1]), axes).at({})
    np.testing.assert_array_equal(mapped, expected)
    infinite = marks_of(Area(axes, [1, np.inf, 3, 2, 9], [0, 0, 1, -np.inf, -1]), axes).at({})
    np.testing.assert_array_equal(infinite, np.array(expected)[:, [0, 2, 4]])


# --- rasters ------------------------------------------------------------------------------------

CODES = np.arange(24).reshape(2, 3, 4) % 5
FIVE = ["red", "C1", "#12345678", "none", (0, 0, 1)]


def test_a_raster_lies_in_its_extent():
    axes = new_axes(xlim=(10, 0))
    track = Raster(axes, CODES[0], FIVE, (1, 4, -0.5, 0.5), alpha=0.5)
    picture = marks_of(track, axes)
    x0, y0, x1, y1 = picture.corners
    corners = marks_of(Line(axes, [1, 4], [-0.5, 0.5]), axes).at({})
    np.testing.assert_allclose([[x0, x1], [y0, y1]], corners, rtol=1e-6)
    assert x0 > x1
    assert y0 > y1
    assert picture.colors == ("#ff000080", "#ff7f0e80", "#12345680", "#00000000", "#0000ff80")


def test_a_raster_shows_its_place_and_is_sent_in_bytes():
    axes = plain_axes()
    extent = (0, 1, 0, 1)
    both = Raster(axes, CODES[:, None], FIVE, extent, ("a", "b"))
    alone = Raster(axes, CODES[1], FIVE, extent, ("a", "b"))
    scene = scene_of(axes, [both, alone], {"a": [0, 1], "b": B})
    for a in range(2):
        for b in range(4):
            position = {"a": a, "b": b}
            np.testing.assert_array_equal(scene.marks[0].at(position), CODES[a])
            np.testing.assert_array_equal(scene.marks[1].at(position), CODES[1])
    sent = scene.payload["marks"][0]
    assert (sent["kind"], sent["codes"]["over"]) == ("raster", ["a", "b"])
    assert (sent["codes"]["dtype"], sent["codes"]["shape"]) == ("uint8", [2, 1, 3, 4])
    np.testing.assert_array_equal(read_back(scene.payload, sent["codes"])[:, 0], CODES)
    assert sorted(map(len, scene.payload["buffers"])) == [12, 24]


# --- the payload --------------------------------------------------------------------------------


def everything(axes):
    y = np.linspace(-1, 1, 12).reshape(3, 4)
    return [
        Trail(axes, B, y, ("a", "b"), color="red", outline="white", dots=3),
        Points(axes, B, y, ("a", "b"), color="none"),
        Line(axes, [np.nan, 1e99], [0, np.inf], color=(0, 0, 1, 0.5)),
        Area(axes, [1, 2, 3], [0, 1, 0], color="red", outline="black"),
        Area(axes, [1, 2, 3], [0, 1, 0], color="red", alpha=1),
        Points(axes, [1, 2], [0, 1], color=["red", "blue"], codes=[1, 0], outline=None),
        Raster(axes, [[0, 1], [1, 0]], ["red", "blue"], (0, 1, 0, 1)),
        Text("a = {a}, {y:.2f}", {"y": y}, ("a", "b"), axes=axes, x=0.5, y=1.0, bold=True),
    ]


def test_the_payload_is_plain_json_and_bytes():
    axes = plain_axes()
    tracks = everything(axes)
    payload = scene_of(axes, tracks, {"a": A, "b": B, "c": ["x", "y"]}, "b is {b:.2g}").payload
    assert all(type(buffer) is bytes for buffer in payload["buffers"])
    rest = {name: value for name, value in payload.items() if name != "buffers"}
    read = json.loads(json.dumps(rest, allow_nan=False))
    assert read["size"] == [500, 400]
    assert read["dimensions"] == {"a": [0, 1, 2], "b": B, "c": ["x", "y"]}
    trail, points, line, edged, area, coloured, raster, text = read["marks"]
    assert (trail["kind"], trail["grows"], trail["colors"]) == ("line", "b", ["#ff0000ff"])
    assert trail["dots"] == pytest.approx(3 * 100 / 72)
    assert points["colors"][0][-2:] == "00"  # transparent
    assert line["colors"] == ["#0000ff80"]
    assert (edged["kind"], edged["colors"], edged["outline"]) == (
        "area",
        ["#ff00004c"],
        "#000000ff",
    )
    assert edged["width"] == pytest.approx(1.5 * 100 / 72)
    assert (area["colors"], area["outline"], area["width"]) == (["#ff0000ff"], None, 0)
    assert coloured["colors"] == ["#ff0000ff", "#0000ffff"]
    assert coloured["codes"]["dtype"] == "uint8"
    assert points["codes"] is None
    assert raster["colors"] == ["#ff00004c", "#0000ff4c"]
    assert text["parts"][0] == {"text": "a = "}
    assert (text["align"], text["bold"]) == ("left", True)
    assert [part.get("format") for part in text["parts"]] == [None, "", None, ".2f"]
    assert read["description"][1]["format"] == ".2g"


def read_back(payload, numbers):
    """Return the array that a page makes of its part of the payload."""
    data = payload["buffers"][numbers["buffer"]]
    return np.frombuffer(data, numbers["dtype"]).reshape(numbers["shape"])


def test_buffers_hold_what_the_scene_shows():
    axes = plain_axes()
    scene = scene_of(axes, everything(axes), {"a": A, "b": B})
    for mark, sent in zip(scene.marks[:3], scene.payload["marks"][:3], strict=True):
        for numbers, name in ((mark.x, "x"), (mark.y, "y")):
            np.testing.assert_array_equal(read_back(scene.payload, sent[name]), numbers.array)
            assert sent[name]["dtype"] == "float32"
            assert sent[name]["over"] == list(numbers.over)
    value = read_back(scene.payload, scene.payload["marks"][-1]["parts"][3]["numbers"])
    assert value.dtype == np.float64
    np.testing.assert_array_equal(value, np.linspace(-1, 1, 12).reshape(3, 4))


def test_what_does_not_vary_stays_small():
    axes = plain_axes()
    y = np.random.default_rng(0).uniform(-1, 1, (20, 30, 5))
    dimensions = {"a": np.arange(20), "b": np.arange(30)}
    scene = scene_of(axes, [Line(axes, np.arange(5), y, ("a", "b"))], dimensions)
    assert sorted(map(len, scene.payload["buffers"])) == [4 * 5, 4 * 20 * 30 * 5]
    points = [Points(axes, y[..., 0], 0.0, ("a", "b")), Points(axes, y[:, :1, 0], 0, ("a", "b"))]
    sizes = sorted(map(len, scene_of(axes, points, dimensions).payload["buffers"]))
    assert sizes == [4, 4 * 20, 4 * 20 * 30]


def test_equal_buffers_are_sent_once():
    axes = plain_axes()
    y = np.random.default_rng(0).uniform(-1, 1, (3, 4))
    tracks = [Trail(axes, B, y, ("a", "b")), Points(axes, B, y, ("a", "b"))]
    payload = scene_of(axes, tracks, {"a": A, "b": B}).payload
    trail, points = payload["marks"]
    assert trail["y"]["buffer"] == points["y"]["buffer"]
    assert trail["x"]["buffer"] == points["x"]["buffer"]
    assert len(payload["buffers"]) == 2
    tracks.append(Line(axes, [5], [0]))
    assert len(scene_of(axes, tracks, {"a": A, "b": B}).payload["buffers"]) == 4


# --- texts --------------------------------------------------------------------------------------


def shown(text, position, dimensions):
    return build_scene(Figure(), [text], dimensions, Text(""), 1000).marks[0].at(position)


@settings(deadline=None, max_examples=200)
@given(
    value=st.floats(),
    digits=st.integers(0, 12),
    kind=st.sampled_from("gfe"),
)
def test_numbers_are_written_as_python_writes_them(value, digits, kind):
    template = f"before {{v:.{digits}{kind}}} {{{{after}}}}"
    text = Text(template, {"v": [0.0, value]}, ("a",))
    assert shown(text, {"a": 1}, {"a": [1, 2]}) == template.format(v=value)


def test_fields_may_be_dimensions_words_and_whole_numbers():
    dimensions = {"rate": [0.001, 0.25], "k": [7, 8, 9], "kind": ["$x^2$", "<b>", "two\nlines"]}
    text = Text(
        "{rate:.3g}|{k}|{kind}|{n}|{status}|{ok}",
        {"n": [[10], [20]], "status": [0, 2, 1], "ok": np.array([[1, 0, 1]], dtype=np.uint8)},
        ("rate", "k"),
        {"status": ["slow", "done", "NaN"], "ok": ["no", "yes"]},
    )
    for rate in range(2):
        for k in range(3):
            position = {"rate": rate, "k": k, "kind": 1}
            expected = (
                f"{dimensions['rate'][rate]:.3g}|{dimensions['k'][k]}|<b>|{10 * (rate + 1)}|"
                f"{['slow', 'NaN', 'done'][k]}|{['yes', 'no', 'yes'][k]}"
            )
            assert shown(text, position, dimensions) == expected


def test_words_may_be_given_as_they_are():
    words = [["a", "b", "c"], ["d", "e", "a"]]
    dimensions = {"i": [0, 1], "j": [0, 1, 2]}
    for i in range(2):
        for j in range(3):
            position = {"i": i, "j": j}
            text = Text("{w}", {"w": words}, ("i", "j"))
            assert shown(text, position, dimensions) == words[i][j]
            same = Text("{w}", {"w": words[0]}, ("i", "j"))
            assert shown(same, position, dimensions) == words[0][j]


def test_a_text_stands_at_its_fraction_of_axes_or_figure():
    axes = plain_axes()
    texts = [Text("here", x=0.25, y=0.75), Text("there", axes=axes, x=0.5, y=1.0)]
    here, there = scene_of(axes, texts).payload["marks"]
    assert (here["x"], here["y"]) == (125, 100)
    box = axes.get_position()
    assert there["x"] == pytest.approx(500 * (box.x0 + box.width / 2))
    assert there["y"] == pytest.approx(400 * (1 - box.y1))


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("track", "words"),
    [
        (lambda axes: Line(axes, [1], [1], ("c",)), "Line is over 'c'.*no dimension.*it has a, b"),
        (lambda axes: Text("", {}, ("c",)), "Text is over 'c'"),
        (lambda axes: Line(axes, [1, 2], [1, 2, 3]), r"Line: coordinates of shapes \(2,\), \(3,\)"),
        (
            lambda axes: Line(axes, [1, 2], np.zeros((4, 2)), ("a",)),
            r"shapes \(2,\), \(4, 2\) do not broadcast to the dimensions \{'a': 3\} with",
        ),
        (lambda axes: Points(axes, np.zeros((3, 3, 1)), 0, ("a", "b")), r"Points: .*'b': 4"),
        (lambda axes: Trail(axes, np.zeros(3), np.zeros(3), ("a", "b")), "Trail: coordinates"),
        (
            lambda axes: Area(axes, [1, 2, 3], np.zeros((4, 3)), ("a",)),
            r"Area: coordinates of shapes \(3,\), \(4, 3\) do not broadcast",
        ),
        (
            lambda axes: Points(axes, [1, 2, 3], [1], color=list("rgb"), codes=[0, 1]),
            r"Points: coordinates of shapes \(3,\), \(1,\) and codes of shape \(2,\) do not",
        ),
        (lambda axes: Points(axes, 1, 1, codes=[0]), "Points: color is 'C0', but codes ask for"),
        (
            lambda axes: Points(axes, 1, 1, color=["red"], codes=[0.0]),
            "Points: codes must be whole numbers .*, not float64",
        ),
        (
            lambda axes: Points(axes, 1, 1, color=["red", "blue"], codes=[1, 2]),
            "Points: codes from 1 to 2 count beyond the 2 colours",
        ),
        (lambda axes: Raster(axes, [[-1, 0]], "rgb", (0, 1, 0, 1)), "Raster: codes from -1 to 0"),
        (
            lambda axes: Raster(axes, [0, 1], "rgb", (0, 1, 0, 1)),
            r"Raster: codes of shape \(2,\) do not .* rows and columns as last axes",
        ),
        (
            lambda axes: Raster(axes, np.zeros((0, 4), int), "rgb", (0, 1, 0, 1)),
            r"Raster: codes of shape \(0, 4\)",
        ),
        (
            lambda axes: Raster(axes, CODES, "rgbcm", (0, 1, 0, 1), ("a",)),
            r"Raster: codes of shape \(2, 3, 4\) do not broadcast to the dimensions \{'a': 3\}",
        ),
        (
            lambda axes: Raster(axes, CODES[0], "rgbcm", (0, 1, 2, 2)),
            r"Raster: extent must be \(left, right, bottom, top\), got \(0, 1, 2, 2\)",
        ),
        (
            lambda axes: Raster(axes, CODES[0], "rgbcm", (0, np.inf, 0, 1)),
            "Raster: extent must be",
        ),
        (lambda axes: Trail(axes, [1], [1]), "Trail needs a dimension to grow along"),
        (lambda axes: Text("{c}"), r"template '\{c\}' has a field 'c'.*\(a, b\)"),
        (lambda axes: Text("{}"), "has a field ''"),
        (lambda axes: Text("{a.real}"), "has a field 'a.real'"),
        (lambda axes: Text("{a"), r"template '\{a' cannot be read: expected '}'"),
        (lambda axes: Text("a}"), r"template 'a}' cannot be read"),
        (lambda axes: Text("{a!r}"), "field 'a' of .* cannot take !r"),
        (lambda axes: Text("{b}"), "field 'b' is formatted as '': .* a precision such as .3g"),
        (lambda axes: Text("{b:5.2f}"), r"formatted as '5\.2f'"),
        (lambda axes: Text("{b:.{a}f}"), r"formatted as '\.\{a\}f'"),
        (lambda axes: Text("{b:.2%}"), "formatted as '.2%'"),
        (lambda axes: Text("{a:.2f}"), "field 'a' is formatted as '.2f'.*whole numbers.* none"),
        (lambda axes: Text("{v}", {"v": [1, 2]}, ("a",)), r"values\['v'\] has shape \(2,\)"),
        (lambda axes: Text("{v}", {"v": [True] * 3}, ("a",)), "field 'v' holds bool"),
        (lambda axes: Text("{v:.1f}", {"v": [1j] * 3}, ("a",)), "field 'v' holds complex"),
        (
            lambda axes: Text("{v}", {"v": [0.0]}, ("a",), {"v": ["word"]}),
            "field 'v' holds float64: .*whole numbers that count into words",
        ),
        (
            lambda axes: Text("{v}", {"v": [0, 1, 2]}, ("a",), {"v": ["p", "q"]}),
            "field 'v' counts beyond its 2 words",
        ),
        (lambda axes: Text("{v}", {"v": [-1]}, ("a",), {"v": ["p"]}), "counts beyond its 1 words"),
        (
            lambda axes: Text("{v}", {"v": [2**31]}, ("a",)),
            "field 'v' .* beyond 32 bits",
        ),
    ],
)
def test_tracks_that_do_not_fit_are_named(track, words):
    axes = plain_axes()
    with pytest.raises(ValueError, match=words):
        scene_of(axes, [track(axes)], {"a": A, "b": B})


@pytest.mark.parametrize(
    ("make", "words"), [(log, "rectilinear with log and log"), (polar, "polar with linear")]
)
def test_a_raster_needs_linear_scales(make, words):
    axes = make()
    with pytest.raises(ValueError, match=f"Raster needs rectilinear axes .* not {words}"):
        scene_of(axes, [Raster(axes, CODES[0], FIVE, (1, 2, 1, 2))])


def test_a_description_is_checked_too():
    with pytest.raises(ValueError, match="field 'loss'"):
        scene_of(plain_axes(), [], {"a": A}, "the loss is {loss:.3g}")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([0.1, np.nan], "dimension 'rate' has a value that is not finite"),
        ([np.inf], "dimension 'rate' has a value that is not finite"),
        ([], r"dimension 'rate' has shape \(0,\): give a list"),
        (3, r"dimension 'rate' has shape \(\)"),
        ([[1, 2]], r"dimension 'rate' has shape \(1, 2\)"),
        ([None, 1], "dimension 'rate' must hold numbers or words, not object"),
        ([True, False], "dimension 'rate' must hold numbers or words, not bool"),
    ],
)
def test_dimensions_that_make_no_slider_are_named(values, words):
    with pytest.raises(ValueError, match=words):
        scene_of(plain_axes(), [], {"rate": values})


def test_too_large_a_figure_is_told_where_to_save():
    axes = plain_axes()
    y = np.random.default_rng(0).uniform(-1, 1, (10, 1000))
    line = Trail(axes, np.arange(1000), y, ("rate", "iteration"))
    dimensions = {"rate": np.arange(10), "iteration": np.arange(1000)}
    with pytest.raises(ValueError, match=r"max_bytes.*thin out 'iteration', which has 1000 values"):
        scene_of(axes, [line], dimensions, max_bytes=43_999)
    assert scene_of(axes, [line], dimensions, max_bytes=44_000).marks
    cells = Raster(axes, np.zeros((100, 100), int), ["red"], (0, 1, 0, 1))
    with pytest.raises(ValueError, match=r"0\.0 MB, more than max_bytes .* fewer points or cells"):
        scene_of(axes, [cells], max_bytes=9_999)
    assert scene_of(axes, [cells], max_bytes=10_000).marks


def test_a_diverging_trail_keeps_its_direction_and_ends_far_outside():
    axes = plain_axes()
    # Along one line through (5, 0), on alternating sides, 3 times as far each step.
    away = (-3.0) ** np.arange(200)
    track = Trail(axes, 5 + 0.3 * away, 0.1 * away, ("k",))
    x, y = marks_of(track, axes, k=np.arange(200)).at({"k": 199})
    to_figure = axes.transData - axes.figure.transFigure
    points = to_figure.transform([(5, 0), (5.3, 0.1)]) * (500, -400) + (0, 400)
    direction = (points[1] - points[0]) / np.hypot(*(points[1] - points[0]))
    shown = np.isfinite(x)
    assert 5 < shown.sum() < 30
    assert not shown[shown.sum() :].any()
    offset = np.stack([x[shown], y[shown]], axis=-1).astype(float) - points[0]
    across = offset[:, 0] * direction[1] - offset[:, 1] * direction[0]
    assert np.abs(across).max() < 0.2  # pixels
    assert (np.hypot(*offset.T)[:-1] < 1.001 * FAR).all()
    assert FAR < np.hypot(*offset[-1]) < 4 * FAR
