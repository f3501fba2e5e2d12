"""Buttons that move ordinary sliders in the browser, without a word to the kernel on the way."""

from collections.abc import Mapping
from typing import Any

import anywidget
import traitlets
from ipywidgets import Widget, widget_serialization

from gdviz.arguments import shown
from gdviz.live.widget import source


class Player(anywidget.AnyWidget):
    """Back to the start, one step back, play or pause, one step forward, for a whole-number slider.

    While it plays, the slider moves in the browser only; where it comes to rest, its value is
    sent. The first steps are slow enough to count, later ones ever faster: 500 take 8 seconds.
    Where the reader's system asks for less motion, pictures follow each other twice a second.
    """

    _esm = source("player.js")
    _css = source("buttons.css")

    control = traitlets.Instance(Widget).tag(sync=True, **widget_serialization)

    def __init__(self, control: Widget) -> None:
        if not isinstance(control, Widget):
            raise TypeError(f"control must be a slider, got {shown(control)}")
        super().__init__(control=control)

    def __repr__(self) -> str:
        return "Player()"


class Presets(anywidget.AnyWidget):
    """A button for each named position of some sliders; then a Player of theirs starts.

    Parameters
    ----------
    controls : mapping of str to slider
    positions : mapping of str to mapping of str to float
        For each button's label, the value of each control; where it has stops, one of them.

    Raises
    ------
    ValueError
        If a position names no control, or what is not among its stops.
    """

    _esm = source("presets.js")
    _css = source("buttons.css")

    controls = traitlets.Dict().tag(sync=True, **widget_serialization)
    positions = traitlets.Dict().tag(sync=True)

    def __init__(
        self, controls: Mapping[str, Widget], positions: Mapping[str, Mapping[str, Any]]
    ) -> None:
        for label, position in positions.items():
            for name in position:
                if name not in controls:
                    raise ValueError(
                        f"position {label!r} moves {name!r}, which is not among the controls: "
                        f"{', '.join(controls)}"
                    )
        settings = {
            label: {name: _setting(controls[name], value) for name, value in position.items()}
            for label, position in positions.items()
        }
        super().__init__(controls=dict(controls), positions=settings)

    def __repr__(self) -> str:
        return f"Presets({', '.join(self.positions)})"


def _setting(control: Widget, value: Any) -> Any:
    """Return how the page knows a value: by its label, where there are labels."""
    options = getattr(control, "_options_full", None)
    if options is None:
        return value
    labels = [label for label, stop in options if stop == value]
    if not labels:
        raise ValueError(f"positions has {value!r}, which is not among the stops of {control!r}")
    return labels[0]
