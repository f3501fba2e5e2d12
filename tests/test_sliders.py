"""Sliders over stops: nearest, between, and index, value and labels that agree."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ipywidgets import Dropdown, FloatSlider, IntSlider, SelectionSlider

from gdviz.live import ChoiceSlider, OpenStopSlider, StopSlider
from gdviz.live.sliders import follow, index_of, slider_for

STOPS = [0.1, 0.2, 0.5, 1.0, 2.0]


def assert_consistent(slider, dimension):
    """Index, value, label and the labels that the page shows all speak of the same stop."""
    state = slider.get_state()
    assert state["index"] == slider.index
    assert dimension[slider.index] == slider.value
    labels = state["_options_labels"]
    assert slider.label == labels[slider.index]
    for label, value in zip(labels, dimension, strict=True):
        digits = 3
        while [f"{v:.{digits}g}" for v in dimension].count(f"{value:.{digits}g}") > 1:
            digits += 1
        assert label == f"{value:.{digits}g}"
    assert len(set(labels)) == len(dimension)
    assert index_of(slider, dimension) == slider.index


@pytest.mark.parametrize("kind", [StopSlider, OpenStopSlider])
def test_starts_at_the_stop_it_is_given(kind):
    for stop in STOPS:
        slider = kind(STOPS, stop, description="rate")
        assert slider.value == stop
        assert slider.description == "rate"
        assert_consistent(slider, np.array(STOPS))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(-10, 10), max_size=8), st.permutations(STOPS))
def test_takes_the_nearest_stop(values, stops):
    slider = StopSlider(stops, stops[0])
    for value in values:
        slider.value = value
        distances = np.abs(np.array(stops) - value)
        assert abs(slider.value - value) == distances.min()
        assert_consistent(slider, np.array(stops))


close = st.sampled_from([0.1, 0.19, 0.2, 0.2 * (1 + 1e-12), 0.21, 0.5, 0.5001, 2.0])


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.tuples(st.booleans(), st.one_of(st.floats(0.1, 2.0), close)), max_size=8),
)
def test_an_open_slider_takes_values_between(steps):
    slider = OpenStopSlider(STOPS, 0.5)
    heard = []
    slider.observe(lambda change: heard.append((change.new, slider.index)), "value")
    for from_page, value in steps:
        before = slider.value
        if from_page:  # the page knows indices only
            index = int(value / 2 * (len(slider.values) - 1))
            value = slider.values[index]
            slider.set_state({"index": index})
        else:
            slider.value = value
        assert slider.value == pytest.approx(value, rel=1e-9)
        assert set(STOPS) <= set(slider.values)
        assert len(slider.values) <= len(STOPS) + 1
        assert (np.diff(slider.values) > 0).all()
        assert_consistent(slider, slider.values)
        if slider.value != before:
            assert heard[-1] == (slider.value, slider.index)


def test_a_value_between_stays_until_another_comes():
    slider = OpenStopSlider(STOPS, 0.5)
    slider.value = 0.37
    np.testing.assert_array_equal(slider.values, [0.1, 0.2, 0.37, 0.5, 1, 2])
    slider.value = 1
    np.testing.assert_array_equal(slider.values, [0.1, 0.2, 0.37, 0.5, 1, 2])
    assert slider.index == 4
    slider.value = 1.5
    np.testing.assert_array_equal(slider.values, [0.1, 0.2, 0.5, 1, 1.5, 2])
    assert slider.index == 4


def test_an_open_slider_may_start_between_its_stops():
    slider = OpenStopSlider(STOPS, 0.5)
    just_below = 0.49
    slider.value = just_below  # takes the index of the stop that it leaves
    assert (slider.index, slider.label) == (2, "0.49")
    started = OpenStopSlider(STOPS, 0.49)
    assert started.value == 0.5


def test_rounding_makes_no_new_stop():
    slider = OpenStopSlider(STOPS, 0.5)
    slider.value = 0.1 + 0.1
    slider.value = 0.5 * (1 + 1e-11)
    assert slider.value == 0.5
    np.testing.assert_array_equal(slider.values, STOPS)


def test_labels_have_as_many_digits_as_tell_the_stops_apart():
    stops = [1 / 7, 0.25, 0.2501, 0.25011, 1 / 3, 1.0]
    labels = StopSlider(stops, 1).get_state()["_options_labels"]
    assert list(labels) == ["0.143", "0.25", "0.2501", "0.25011", "0.333", "1"]
    twins = StopSlider([1.0, np.nextafter(1, 2)], 1).get_state()["_options_labels"]
    assert list(map(float, twins)) == [1.0, np.nextafter(1, 2)]


@pytest.mark.parametrize("kind", [StopSlider, OpenStopSlider])
@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.nan, "value must be finite, got nan"),
        (np.inf, "value must be finite, got inf"),
        ("fast", "value must be a number, got 'fast'"),
        ([1, 2], "value must be a number"),
    ],
)
def test_what_is_no_number_is_refused(kind, value, words):
    slider = kind(STOPS, 0.5)
    with pytest.raises(ValueError, match=words):
        slider.value = value
    assert slider.value == 0.5
    assert_consistent(slider, np.array(STOPS))


@pytest.mark.parametrize("value", [0.0999, 2.0001, -1, 0, 1e9])
def test_an_open_slider_refuses_what_lies_beyond_its_ends(value):
    slider = OpenStopSlider(STOPS, 0.5)
    with pytest.raises(ValueError, match=f"value must be between 0.1 and 2: {value}"):
        slider.value = value
    assert slider.value == 0.5
    assert_consistent(slider, np.array(STOPS))


@pytest.mark.parametrize("stops", [[], [0, np.nan], [[1, 2]], 3])
def test_stops_that_make_no_slider(stops):
    with pytest.raises(ValueError, match="stops must be a list of finite numbers"):
        StopSlider(stops, 1)
    with pytest.raises(ValueError, match="stops must be a list of finite numbers"):
        OpenStopSlider(stops, 1)


@pytest.mark.parametrize("stops", [[2, 1], [1, 1], [0.1, 0.5, 0.2]])
def test_an_open_slider_needs_stops_in_order(stops):
    with pytest.raises(ValueError, match="stops must ascend"):
        OpenStopSlider(stops, 1)


# --- choosing a slider --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (range(5), IntSlider),
        ([7], IntSlider),
        (np.arange(-3, 4, dtype=np.int8), IntSlider),
        ([0, 10, 20], StopSlider),
        ([3, 2, 1], StopSlider),
        ([0.1, 0.2], StopSlider),
        (np.array([1, 5, 6], dtype=np.uint64), StopSlider),
        (["mean", "sum"], ChoiceSlider),
        (["ab", "cd"], ChoiceSlider),
    ],
)
def test_the_slider_suits_the_values(values, kind):
    values = np.asarray(values)
    slider = slider_for("learning_rate", values)
    assert type(slider) is kind
    assert slider.description == "learning rate"
    assert slider.value == values[0]
    for index, value in enumerate(values.tolist()):
        slider.value = value
        assert slider.value == value
        assert index_of(slider, values) == index
        if kind is not IntSlider:
            assert slider.index == index
    if kind is IntSlider:
        assert (slider.min, slider.max) == (values[0], values[-1])


@pytest.mark.parametrize(
    ("before", "at", "after", "expected"),
    [
        (range(5), 3, range(20), 3),
        (range(5), 4, range(3), 2),
        (range(5), 4, range(10, 13), 10),
        (range(10, 13), 12, range(5), 4),
        ([0.1, 0.2, 0.5], 0.5, [0.1, 0.4, 0.55, 1], 0.55),
        ([0.1, 0.2, 0.5], 0.1, [0.3, 0.4], 0.3),
        ([0.1, 0.2, 0.5], 0.2, [0.2, 0.3], 0.2),
        (["mean", "sum"], "sum", ["max", "sum", "mean"], "sum"),
        (["mean", "sum"], "sum", ["max", "min"], "max"),
    ],
)
def test_a_slider_follows_new_values(before, at, after, expected):
    slider = slider_for("x", np.asarray(before))
    slider.value = at
    values = np.asarray(after)
    follow(slider, values)
    assert slider.value == expected
    assert values[index_of(slider, values)] == expected
    if isinstance(slider, IntSlider):
        assert (slider.min, slider.max) == (values[0], values[-1])
    else:
        assert slider.label == slider.get_state()["_options_labels"][slider.index]
        assert list(slider._options_values) == list(after)
        for value in after:
            slider.value = value
            assert slider.value == value


def test_any_slider_stands_at_the_nearest_value():
    values = np.array([0.1, 0.2, 0.5])
    slider = FloatSlider(min=0, max=1, step=0.01)
    for value, index in [(0, 0), (0.14, 0), (0.16, 1), (0.34, 1), (0.36, 2), (1, 2)]:
        slider.value = value
        assert index_of(slider, values) == index


def test_an_index_never_runs_beyond_the_values():
    slider = SelectionSlider(options=list("abcde"), value="e")
    assert index_of(slider, np.array(["a", "b"])) == 1
    assert index_of(Dropdown(options=["x", "y"], value="y"), np.array(["x", "y"])) == 1


def test_none_is_no_value():
    numbers, words = StopSlider([1, 2], 2), ChoiceSlider(options=["few", "many"])
    with pytest.raises(ValueError, match="value is None"):
        numbers.value = None
    with pytest.raises(ValueError, match="value is None"):
        words.value = None
    assert (numbers.value, words.value) == (2, "few")
