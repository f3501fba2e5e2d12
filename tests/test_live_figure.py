"""LiveFigure in the kernel: where it stands, what it says, what it sends, what it is shown as."""

import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from gdviz.datasets import Dataset
from gdviz.figures import draw_fit
from gdviz.live import Line, LiveFigure, Player, Points, StopSlider, Text, Trail

RATES = [0.01, 0.1, 1.0]
STEPS = np.arange(5)
DIMENSIONS = {"rate": RATES, "step": STEPS, "reduction": ["mean", "sum"]}
WIDGET = "application/vnd.jupyter.widget-view+json"


def make(axes=None, **options):
    axes = axes or Figure(figsize=(4, 3)).subplots()
    axes.set(xlim=(0, 4), ylim=(0, 4))
    y = np.outer(RATES, STEPS)
    options = {
        "description": Text("{reduction}: rate {rate:.2g}, y = {y:.3f}", {"y": y}, ("rate", "step"))
    } | options
    tracks = [Trail(axes, STEPS, y, ("rate", "step")), Points(axes, STEPS, y, ("rate", "step"))]
    return LiveFigure(axes.figure, tracks, DIMENSIONS, **options)


# --- where it stands ----------------------------------------------------------------------------


def test_controls_position_description_and_still():
    figure = make()
    assert list(figure.controls) == ["rate", "step", "reduction"]
    assert figure.position == {"rate": 0, "step": 0, "reduction": 0}
    assert figure.description == "mean: rate 0.01, y = 0.000"
    start = figure.still()
    figure.controls["rate"].value = 1
    figure.controls["step"].value = 3
    figure.controls["reduction"].value = "sum"
    assert figure.position == {"rate": 2, "step": 3, "reduction": 1}
    assert figure.description == "sum: rate 1, y = 3.000"
    assert figure.still() == figure.still(rate=2, step=3, reduction=1)
    assert figure.still() != start
    assert figure.still(rate=0, step=0, reduction=0) == start
    assert figure.still(rate=0) == figure.still(rate=0, step=3)


def test_controls_of_ones_own():
    slider = StopSlider(RATES, 0.1, description="ε")
    figure = make(controls={"rate": slider})
    assert figure.controls["rate"] is slider
    assert figure.position["rate"] == 1
    state = figure.canvas.get_state("controls")["controls"]
    assert state["rate"] == f"IPY_MODEL_{slider.model_id}"


def test_whole_number_sliders_can_be_played():
    figure = make()
    players = [
        child.control
        for row in figure.children
        for child in getattr(row, "children", ())
        if isinstance(child, Player)
    ]
    assert players == [figure.controls["step"]]


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda f: f.still(pace=0), r"position names 'pace', .* it has rate, step, reduction"),
        (lambda f: f.still(step=5), "step must be a whole number, from 0 to 4, got 5"),
        (lambda f: f.still(step=-1), "step must be a whole number, from 0 to 4, got -1"),
        (lambda f: f.update([], {"pace": [1]}), "dimensions names 'pace', .* no dimension"),
        (lambda f: make(controls={"pace": StopSlider(RATES, 1)}), "controls names 'pace'"),
        (lambda f: f.update([], {"rate": [np.nan]}), "dimension 'rate' has a value"),
        (lambda f: f.update([], only_here=["pace"]), "only_here names 'pace', .* no dimension"),
        (lambda f: f.update([], description=Text("{z}")), "field 'z'"),
        (lambda f: f.update([], only_here="rate"), "only_here must hold names of dimensions"),
        (lambda f: f.update([], only_here=2), "only_here must hold names of dimensions, got 2"),
        (lambda f: make(max_bytes=50), "more than max_bytes"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(act, words, sent):
    figure = make()
    scene, description = figure.scene, figure.description
    messages = sent(figure.canvas)
    with pytest.raises((TypeError, ValueError), match=words):
        act(figure)
    assert figure.scene is scene
    assert messages == []
    figure.update([])
    assert figure.description == description


# --- what it sends ------------------------------------------------------------------------------


def test_an_update_is_one_message_with_the_new_scene(sent):
    figure = make()
    axes = figure._painting.figure.axes[0]
    revision = figure.canvas.scene["revision"]
    messages = sent(figure.canvas)
    line, words = Line(axes, [0, 4], [4, 0]), Text("now rate {rate:.1f}")
    figure.update([line], {"rate": [0.5, 0.7]}, description=words)
    [message] = messages
    assert message["scene"]["revision"] == revision + 1
    assert message["scene"]["dimensions"]["rate"] == [0.5, 0.7]
    assert message["scene"]["dimensions"]["step"] == [0, 1, 2, 3, 4]
    assert [mark["kind"] for mark in message["scene"]["marks"]] == ["line"]
    buffers = [message["scene", "buffers", k] for k in range(2)]
    expected = axes.transData.transform([(0, 4), (4, 0)]) / 2
    np.testing.assert_allclose(np.frombuffer(buffers[0], np.float32), expected[:, 0], rtol=1e-6)
    np.testing.assert_allclose(
        np.frombuffer(buffers[1], np.float32), 300 - expected[:, 1], rtol=1e-6
    )
    assert ("painting",) not in message
    assert set(message) == {"scene", *(("scene", "buffers", k) for k in range(3))}
    assert figure.description == "now rate 0.5"


def test_what_an_update_knows_of_one_place_alone_is_said(sent):
    figure = make()
    figure.controls["step"].value = 3
    messages = sent(figure.canvas)
    axes = figure._painting.figure.axes[0]
    figure.update([Line(axes, [0, 4], [4, 0])], only_here=["step"])
    assert messages[-1]["scene"]["only"] == {"step": 3}
    figure.update([])
    assert messages[-1]["scene"]["only"] == {}


def test_the_painting_is_sent_only_when_it_is_new(sent):
    figure = make()
    axes = figure._painting.figure.axes[0]
    messages = sent(figure.canvas)
    axes.set_facecolor("yellow")
    figure.update([])
    figure.update([], repaint=True)
    figure.update([])
    assert [("painting",) in message for message in messages] == [False, True, False]
    assert messages[1]["painting",] == figure.canvas.painting
    revisions = [message["scene"]["revision"] for message in messages]
    assert revisions == sorted(set(revisions))


def test_axes_that_are_painted_alone_are_sent_as_patches(sent, pixels):
    left, right = Figure(figsize=(4, 3)).subplots(1, 2)
    figure = LiveFigure(left.figure, [], {})
    figure.update([], repaint=[right])
    painting = figure.canvas.painting
    messages = sent(figure.canvas)
    right.set_facecolor("yellow")
    figure.update([], repaint=[right])
    [message] = messages
    assert ("painting",) not in message
    edges = message["patches"][0]["box"]
    picture = pixels(painting)
    shown = pixels(message["patches", 0, "png"])
    x0, y0, x1, y1 = (round(2 * edge) for edge in edges)
    assert x0 > 350
    assert shown.shape == (y1 - y0, x1 - x0, 3)
    picture[y0:y1, x0:x1] = shown
    np.testing.assert_allclose(picture, pixels(figure._painting.png()), atol=6)
    np.testing.assert_allclose(picture, pixels(figure.still()), atol=6)
    assert (np.ptp(pixels(painting) - picture, axis=-1) > 100).sum() > 10_000
    left.set_facecolor("blue")
    figure.update([], repaint=True)
    assert messages[1]["painting",] == figure._painting.png()
    assert messages[1]["patches"] == []
    figure.update([])
    assert "patches" not in messages[2]


def test_a_repaint_moves_the_tracks_with_the_axes():
    figure = make()
    axes = figure._painting.figure.axes[0]
    line = Line(axes, [1, 2], [1, 2])
    figure.update([line])
    before = np.array(figure.scene.marks[0].at({}))
    axes.set(xlim=(0, 40))
    figure.update([line], repaint=True)
    x, y = figure.scene.marks[0].at({})
    np.testing.assert_allclose(y, before[1])
    np.testing.assert_allclose(np.diff(x), np.diff(before[0]) / 10, rtol=1e-4)


def test_moving_a_slider_sends_nothing_through_the_figure(sent):
    figure = make()
    messages = sent(figure.canvas)
    for value in RATES:
        figure.controls["rate"].value = value
    assert messages == []


def test_an_update_may_change_the_description():
    figure = make()
    figure.update([], description=Text("now at step {step}"))
    figure.controls["step"].value = 2
    assert figure.description == "now at step 2"


def test_a_position_beyond_fewer_values_is_the_last():
    figure = make()
    figure.controls["step"].value = 4
    figure.update([], {"step": [0, 1]}, description=Text("{step}"))
    assert figure.position["step"] == 1
    assert figure.description == "1"


def test_sliders_follow_the_dimensions_but_not_ones_own():
    own = StopSlider(RATES, 0.1)
    figure = make(controls={"rate": own}, description=Text(""))
    axes = figure._painting.figure.axes[0]
    figure.update([Points(axes, 1, STEPS, ("step",))])
    figure.controls["step"].value = 4
    figure.update([], {"step": np.arange(10), "rate": [1.0, 2.0], "reduction": ["sum", "max"]})
    assert (figure.controls["step"].max, figure.controls["step"].value) == (9, 4)
    assert figure.controls["reduction"].options == ("sum", "max")
    assert list(own.stops) == RATES
    figure.controls["step"].value = 9
    assert figure.position == {"rate": 1, "step": 9, "reduction": 0}
    figure.update([], {"step": np.arange(3)})
    assert (figure.controls["step"].max, figure.position["step"]) == (2, 2)


# --- clicks -------------------------------------------------------------------------------------


def click(figure, index, x, y):
    """Send what canvas.js sends: which of the clickable axes, and where in figure pixels."""
    figure.canvas._handle_custom_msg({"type": "click", "axes": index, "x": x, "y": y}, [])


@pytest.mark.parametrize("scale", ["linear", "log", "symlog"])
def test_a_click_is_heard_in_data_coordinates(scale):
    left, right = Figure(figsize=(4, 3)).subplots(1, 2)
    right.set(xscale=scale, yscale=scale, xlim=(0.1, 100), ylim=(100, 0.01), xlabel="speed")
    figure = LiveFigure(left.figure, [], {})
    heard = []
    figure.on_click(left, lambda x, y: heard.append(("left", x, y)))
    figure.on_click(right, lambda x, y: heard.append(("right", x, y)))
    points = [(0.2, 3.0), (50, 0.5), (1, 99)]
    for point in points:
        x, y = right.transData.transform(point) / 2  # painted at 200 dots per inch
        click(figure, 1, x, 300 - y)
    assert [name for name, *_ in heard] == 3 * ["right"]
    np.testing.assert_allclose([point for _, *point in heard], points, rtol=1e-9)
    assert all(type(value) is float for _, *point in heard for value in point)
    clickable = figure.canvas.scene["clickable"]
    for axes, place in zip((left, right), clickable, strict=True):
        x, y, width, height = place["box"]
        box = axes.get_window_extent()
        np.testing.assert_allclose(
            [x, y, width, height],
            [box.x0 / 2, 300 - box.y1 / 2, box.width / 2, box.height / 2],
        )
    diagonal = np.linspace([0, 0], [1, 1], 51)
    places = (right.transAxes - right.transData).transform(diagonal)
    for said, label, values in zip((place["x"], place["y"]), ("speed", ""), places.T, strict=True):
        assert said["label"] == label
        np.testing.assert_allclose(said["values"], values, rtol=1e-9)


def test_other_messages_are_no_clicks():
    axes = Figure(figsize=(4, 3)).subplots()
    figure = LiveFigure(axes.figure, [], {})
    heard = []
    figure.on_click(axes, lambda x, y: heard.append((x, y)))
    figure.canvas._handle_custom_msg({"type": "something", "x": 200, "y": 150, "axes": 0}, [])
    assert heard == []


def test_clicks_survive_updates(sent):
    axes = Figure(figsize=(4, 3)).subplots()
    figure = LiveFigure(axes.figure, [], {})
    messages = sent(figure.canvas)
    figure.on_click(axes, lambda x, y: None)
    figure.update([])
    assert [len(message["scene"]["clickable"]) for message in messages] == [1, 1]


# --- what it is shown as ------------------------------------------------------------------------


def test_the_mime_bundle_has_widget_picture_and_words(pixels):
    figure = make()
    figure.controls["step"].value = 2
    data, metadata = figure._repr_mimebundle_()
    assert data[WIDGET]["model_id"] == figure.model_id
    assert data["image/png"] == figure.still(step=2)
    assert pixels(data["image/png"]).shape == (600, 800, 3)
    assert metadata == {"image/png": {"alt": figure.description, "width": 400, "height": 300}}
    assert data["text/plain"] == "LiveFigure(2 tracks over rate: 3, step: 5, reduction: 2)"
    assert set(data) == {WIDGET, "image/png", "text/plain"}


def test_representations_are_the_same_in_every_run():
    assert repr(make()) == repr(make())
    figure = make()
    assert repr(figure.canvas) == "LiveCanvas()"
    assert figure.model_id not in repr(figure)


def test_the_canvas_knows_painting_scene_and_controls():
    figure = make()
    state = figure.canvas.get_state()
    assert bytes(state["painting"])[:8] == b"\x89PNG\r\n\x1a\n"
    assert state["scene"]["size"] == (400, 300)
    assert list(state["controls"]) == list(DIMENSIONS)
    assert figure.canvas in figure.children


def test_a_pyplot_figure_is_not_shown_twice():
    mpl.use("agg")
    import matplotlib.pyplot as plt

    other = plt.figure()
    axes = plt.figure(figsize=(4, 3)).subplots()
    make(axes)
    assert plt.get_fignums() == [other.number]
    plt.close(other)


def test_without_pyplot_it_is_not_imported(monkeypatch):
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)
    make()
    assert "matplotlib.pyplot" not in sys.modules


@pytest.mark.parametrize(
    "name", [r"flipper_length $\frac{1}{2}$ [mm]", "<b>mass</b> & co", "two\nlines", "$", r"\alpha"]
)
def test_names_from_the_data_are_shown_as_they_are(name):
    axes = Figure(figsize=(4, 3)).subplots()
    draw_fit(axes, Dataset([1, 2], [3, 4], feature_names=[name], target_name=name))
    for label in (axes.xaxis.label, axes.yaxis.label):
        assert label.get_text() == name
        assert not label.get_parse_math()
    words = Text("{which}: {value:.1f}", {"value": [1, 2.0]}, ("which",))
    figure = LiveFigure(axes.figure, [words], {"which": [name, "other"]}, description=words)
    assert figure.description == f"{name}: 1.0"
    assert figure._repr_mimebundle_()[1]["image/png"]["alt"] == f"{name}: 1.0"
    assert figure.controls["which"].label == name


def test_closing_is_thorough_and_may_be_repeated():
    from ipywidgets.widgets.widget import _instances

    before = set(_instances)
    figure = make()
    assert len(_instances) > len(before) + 10
    figure.close()
    figure.close()
    assert set(_instances) == before
    assert figure.description.startswith("mean")
