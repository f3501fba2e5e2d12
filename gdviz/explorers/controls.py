"""Controls that explorers share."""

from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np
import traitlets
from ipywidgets import HTML, Button, Dropdown, FloatLogSlider, FloatSlider, HBox, Label, VBox

from gdviz.initialization import Gaussian, Initialization, Uniform
from gdviz.task import Array

LABEL_WIDTH = "8.5em"


def labelled(label: str, *widgets: Any) -> HBox:
    """Return a row: a label of the common width, then the widgets."""
    return HBox([Label(label, layout={"width": LABEL_WIDTH, "flex": "none"}), *widgets])


def learning_rate_slider(stops: Array, value: float) -> FloatLogSlider:
    """Return a slider over ``stops``, a geometric row."""
    low, high = np.log10(stops[[0, -1]])
    return FloatLogSlider(
        value=value,
        min=low,
        max=high,
        step=(high - low) / (len(stops) - 1),
        readout_format=".3g",
        layout={"width": "100%", "margin": "2px 0 0 0"},
    )


def with_marks(slider: FloatLogSlider, marks: Mapping[str, float]) -> VBox:
    """Return the slider over a scale on which labelled values are marked."""
    width = slider.max - slider.min
    labels = "".join(
        f'<span style="position:absolute;left:{100 * (np.log10(value) - slider.min) / width:.3f}%;'
        f'transform:translateX(-50%);white-space:nowrap">▲ {escape(label)}</span>'
        for label, value in marks.items()
    )
    # The margins are those of the slider's own track inside its widget.
    scale = (
        '<div class="gdviz-scale" style="position:relative;height:15px;line-height:15px;'
        f'font-size:12px;margin:0 84px 0 6px">{labels}</div>'
    )
    return VBox(
        [slider, HTML(scale, layout={"margin": "0", "height": "15px", "overflow": "visible"})],
        layout={"flex": "1 1 auto", "min_width": "20em", "overflow": "visible"},
    )


class InitializationControl(HBox):  # type: ignore[misc]
    """Choose a distribution and its two parameters, and draw again.

    Attributes
    ----------
    value : Gaussian or Uniform
        The chosen distribution; may be set from code.
    seed : int
        Counted up by the button "New sample".
    """

    value = traitlets.Any()
    seed = traitlets.Int(0)

    def __init__(self, value: Initialization) -> None:
        self.kind = Dropdown(
            options=["Gaussian", "Uniform"],
            layout={"width": "7em"},
            tooltip="The distribution from which θ is drawn",
        )
        self.parameters = tuple(
            FloatSlider(
                min=-10,
                max=10,
                step=0.05,
                readout_format=".2f",
                layout={"width": "15em"},
                style={"description_width": "1.2em"},
            )
            for _ in range(2)
        )
        self.new_sample = Button(description="New sample", layout={"width": "7.5em"})
        super().__init__([self.kind, *self.parameters, self.new_sample])
        self._showing = False
        self.observe(self._show, "value")
        self.value = value
        self.kind.observe(self._change_kind, "value")
        for slider in self.parameters:
            slider.observe(self._change_parameter, "value")
        self.new_sample.on_click(self._draw_again)

    def sample(self, shape: tuple[int, ...]) -> Array:
        """Draw θ from the chosen distribution with the present seed."""
        return np.asarray(self.value.sample(shape, self.seed))

    def _show(self, _: Any) -> None:
        """Move the controls to where ``value`` is."""
        self._showing = True
        try:
            first, second = self.parameters
            if isinstance(self.value, Gaussian):
                self.kind.value = "Gaussian"
                first.description, second.description = "μ", "σ"
                second.min = 0.0
                first.value, second.value = self.value.mu, self.value.sigma
            else:
                self.kind.value = "Uniform"
                first.description, second.description = "a", "b"
                second.min = -10.0
                first.value, second.value = self.value.a, self.value.b
        finally:
            self._showing = False

    def _change_kind(self, _: Any) -> None:
        if not self._showing:
            self.value = Gaussian() if self.kind.value == "Gaussian" else Uniform()

    def _change_parameter(self, _: Any) -> None:
        if self._showing:
            return
        first, second = (slider.value for slider in self.parameters)
        # An interval cannot end before it begins: the end that was not moved gives way.
        if self.kind.value == "Gaussian":
            self.value = Gaussian(first, second)
        else:
            held = self.value
            self.value = (
                Uniform(first, max(first, second))
                if first != held.a
                else Uniform(min(first, second), second)
            )

    def _draw_again(self, _: Any) -> None:
        self.seed += 1
