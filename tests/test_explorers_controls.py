"""Controls that explorers share: stops of learning rates, marks over them, initializations."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ipywidgets import HTML

import gdviz as gd
from gdviz.explorers.controls import (
    FIRST_SEED,
    InitializationControl,
    labelled,
    learning_rate_stops,
    with_marks,
)
from gdviz.initialization import Gaussian, Uniform
from gdviz.live import OpenStopSlider

# --- learning rates -----------------------------------------------------------------------------


@given(st.floats(1e-12, 1e12))
def test_stops_reach_from_far_too_small_to_three_times_the_limit(limit):
    stops = learning_rate_stops(limit)
    assert 75 <= len(stops) <= 90
    assert (np.diff(stops) > 0).all()
    assert stops[0] >= 1e-4 * limit
    assert stops[0] < 1.2e-4 * limit
    assert stops[-1] == 3 * limit
    ratios = stops[1:-1] / stops[:-2]
    assert ratios.min() > 1.05
    assert ratios.max() < 1.4
    for stop in stops[:-1]:
        assert float(f"{stop:.1e}") == stop  # two digits say all


@pytest.mark.parametrize("limit", [np.nan, np.inf, 0.0, -1.0])
def test_without_a_limit_there_are_no_stops(limit):
    with pytest.raises(ValueError, match="the largest stable learning rate is"):
        learning_rate_stops(limit)


def scale_of(box):
    [scale] = [child for child in box.children if isinstance(child, HTML)]
    return scale


def percent(scale):
    return [float(left) for left in re.findall(r"left:([\d.]+)%", scale.value)]


@settings(deadline=None, max_examples=30)
@given(limit=st.floats(1e-6, 1e6), between=st.floats(1e-3, 2.9))
def test_a_mark_stands_where_the_slider_would(limit, between):
    slider = OpenStopSlider(learning_rate_stops(limit), limit / 4)
    box = with_marks(slider, {"limit": limit})
    for rate in (slider.value, between * limit):
        slider.value = rate
        [place] = percent(scale_of(box))
        index = place / 100 * (len(slider.values) - 1)
        below, above = int(np.floor(index + 1e-4)), int(np.ceil(index - 1e-4))
        assert slider.values[below] <= limit * 1.0001
        assert slider.values[above] >= limit * 0.9999


def test_a_mark_between_stops_stands_as_on_a_logarithmic_scale():
    box = with_marks(OpenStopSlider([1.0, 100.0, 10_000.0], 1.0), {"a": 10.0, "b": 1000.0})
    assert percent(scale_of(box)) == [25, 75]


def test_a_mark_moves_when_a_stop_is_added_before_it():
    slider = OpenStopSlider([1.0, 2.0, 4.0], 1.0)
    box = with_marks(slider, {"<limit>": 2.0, "end": 4.0})
    assert percent(scale_of(box)) == [50, 100]
    slider.value = 1.5
    assert percent(scale_of(box)) == pytest.approx([200 / 3, 100], abs=0.001)
    slider.value = 3.0
    assert percent(scale_of(box)) == pytest.approx([100 / 3, 100], abs=0.001)
    assert "&lt;limit&gt;" in scale_of(box).value
    assert "<limit>" not in scale_of(box).value


def test_a_row_has_its_label_first():
    slider = OpenStopSlider([1, 2], 1)
    row = labelled("learning rate ε", slider)
    assert row.children[0].value == "learning rate ε"
    assert row.children[1] is slider


# --- initializations ----------------------------------------------------------------------------


def shown(control):
    """Return what the controls say: kind, labels and values."""
    labels = [slider.description for slider in control.parameters]
    return control.kind.value, labels, [slider.value for slider in control.parameters]


@pytest.fixture
def control():
    return InitializationControl(Gaussian(0.5, 2))


def test_the_controls_show_the_value(control):
    assert shown(control) == ("Gaussian", ["μ", "σ"], [0.5, 2])
    control.value = Uniform(-3, 0.25)
    assert shown(control) == ("Uniform", ["a", "b"], [-3, 0.25])
    control.value = Gaussian(-1, 0)
    assert shown(control) == ("Gaussian", ["μ", "σ"], [-1, 0])


def test_moving_the_controls_changes_the_value(control):
    heard = []
    control.observe(lambda change: heard.append(change.new), "value")
    mu, sigma = control.parameters
    mu.value = -1
    sigma.value = 0.5
    control.kind.value = "Uniform"
    a, b = control.parameters
    a.value = -4
    b.value = -2
    control.kind.value = "Gaussian"
    assert heard == [
        Gaussian(-1, 2),
        Gaussian(-1, 0.5),
        Uniform(-1, 1),
        Uniform(-4, 1),
        Uniform(-4, -2),
        Gaussian(0, 1),
    ]


def test_errors_of_rounding_from_the_page_are_rounded_away(control):
    control.parameters[0].value = 0.1 + 0.2
    assert control.value == Gaussian(0.3, 2)


def test_the_end_that_was_not_moved_gives_way():
    control = InitializationControl(Uniform(-1, 1))
    a, b = control.parameters
    a.value = 3
    assert control.value == Uniform(3, 3)
    assert shown(control)[2] == [3, 3]
    b.value = -2
    assert control.value == Uniform(-2, -2)
    assert shown(control)[2] == [-2, -2]


def test_a_width_cannot_be_negative(control):
    assert control.parameters[1].min == 0
    control.value = Uniform(-5, -4)
    assert control.parameters[1].min == -10


@pytest.mark.parametrize("value", [Gaussian(50, 100), Uniform(-70, -30), Gaussian(-25, 0.123)])
def test_values_beyond_the_sliders_are_shown_as_they_are(control, value):
    control.value = value
    parameters = [value.mu, value.sigma] if isinstance(value, Gaussian) else [value.a, value.b]
    assert shown(control) == (type(value).__name__, shown(control)[1], parameters)
    assert control.value == value
    control.value = Uniform()
    assert [(s.min, s.max) for s in control.parameters] == [(-10, 10), (-10, 10)]


@pytest.mark.parametrize("value", ["Gaussian", (0, 1), 3.0, Gaussian, None])
def test_other_values_are_refused(control, value):
    with pytest.raises(ValueError, match=r"initialization must be gd\.Gaussian\(mu, sigma\) or"):
        control.value = value
    assert control.value == Gaussian(0.5, 2)


def test_a_new_sample_is_the_next_seed(control):
    first = control.sample((1, 2))
    np.testing.assert_array_equal(first, Gaussian(0.5, 2).sample((1, 2), rng=FIRST_SEED))
    np.testing.assert_array_equal(first, control.sample((1, 2)))
    control.new_sample.click()
    assert control.seed == FIRST_SEED + 1
    second = control.sample((1, 2))
    np.testing.assert_array_equal(second, Gaussian(0.5, 2).sample((1, 2), rng=FIRST_SEED + 1))
    assert not np.array_equal(first, second)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(st.sampled_from(["kind", 0, 1]), st.floats(-10, 10).map(lambda v: round(v, 2))),
        max_size=12,
    )
)
def test_whatever_is_moved_value_and_controls_agree(moves):
    control = InitializationControl(Gaussian())
    for which, value in moves:
        if which == "kind":
            control.kind.value = "Gaussian" if value > 0 else "Uniform"
        else:
            control.parameters[which].value = value
        now = control.value
        parameters = [now.mu, now.sigma] if isinstance(now, Gaussian) else [now.a, now.b]
        assert shown(control)[0] == type(now).__name__
        assert shown(control)[2] == parameters
        if which != "kind":  # sliders clamp at their ends: a width at 0
            assert parameters[which] == max(value, control.parameters[which].min)


@pytest.mark.parametrize("task", [gd.surfaces.bowl(), "penguins", None])
def test_other_tasks_are_refused_by_name(task):
    with pytest.raises(ValueError, match=r"task must be a gd\.LinearRegression"):
        gd.FitExplorer(task)


def test_a_page_learns_of_new_ends_and_of_the_value_in_one_message(sent):
    control = InitializationControl(gd.Gaussian(0, 3))
    messages = sent(control.parameters[1])
    control.kind.value = "Uniform"
    [message] = messages
    assert (message["description"], message["min"], message["value"]) == ("b", -10, 1)
