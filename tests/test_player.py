"""What buttons tell the page: which slider they move, and where to."""

import pytest
from ipywidgets import FloatSlider, IntSlider, SelectionSlider

from gdviz.live import OpenStopSlider, Player, Presets, StopSlider

STOPS = [0.001, 0.25, 1.0]


def reference(widget):
    return f"IPY_MODEL_{widget.model_id}"


def test_a_player_names_its_slider():
    slider = IntSlider(max=9)
    player = Player(slider)
    assert player.get_state()["control"] == reference(slider)
    assert player.control is slider
    assert repr(player) == "Player()"


@pytest.mark.parametrize("kind", [StopSlider, OpenStopSlider])
def test_presets_give_stops_by_label_and_numbers_by_value(kind):
    controls = {
        "rate": kind(STOPS, 1.0),
        "iteration": IntSlider(max=9),
        "b": FloatSlider(),
        "reduction": SelectionSlider(options=["mean", "sum"]),
        "kind": SelectionSlider(options=["ab", "cd"]),
    }
    presets = Presets(
        controls,
        {
            "good": {"rate": 0.25, "iteration": 0},
            "too small": {"rate": 0.001, "b": 0.5, "reduction": "sum", "kind": "cd"},
        },
    )
    state = presets.get_state()
    assert state["controls"] == {name: reference(control) for name, control in controls.items()}
    assert state["positions"] == {
        "good": {"rate": "0.25", "iteration": 0},
        "too small": {"rate": "0.001", "b": 0.5, "reduction": "sum", "kind": "cd"},
    }
    labels = controls["rate"].get_state()["_options_labels"]
    for position in state["positions"].values():
        assert position["rate"] in labels
    assert repr(presets) == "Presets(good, too small)"


@pytest.mark.parametrize("value", [0.3, "0.25", None])
def test_presets_must_be_stops(value):
    with pytest.raises(ValueError, match=r"positions has .*, which is not among the stops"):
        Presets({"rate": StopSlider(STOPS, 1.0)}, {"bad": {"rate": value}})


def test_presets_must_name_their_controls():
    with pytest.raises(ValueError, match=r"position 'bad' moves 'speed'.*controls: rate"):
        Presets({"rate": StopSlider(STOPS, 1.0)}, {"bad": {"speed": 1.0}})


def test_a_player_needs_a_slider():
    with pytest.raises(TypeError, match="control must be a slider, got 3"):
        Player(3)
