"""Sliders over the values of a dimension."""

import math
from collections import Counter
from typing import Any

import numpy as np
import traitlets
from ipywidgets import IntSlider, SelectionSlider, Widget
from numpy.typing import ArrayLike, NDArray

from gdviz.arguments import as_floats, as_number


class ChoiceSlider(SelectionSlider):  # type: ignore[misc]
    """ipywidgets' slider over given choices; into its readout nothing can be typed."""

    value: Any = traitlets.TraitType(None)  # ipywidgets' own would take None unseen

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.add_class("gdviz-choices")

    @traitlets.validate("value")
    def _validate_value(self, proposal: Any) -> Any:
        if proposal.value is None:
            raise ValueError("value is None: give one of the choices")
        return super()._validate_value(proposal)


class StopSlider(ChoiceSlider):
    """A slider over given numbers. Set its ``value`` and it takes the nearest of them.

    Unlike ipywidgets' float sliders it does not round in the page, which would set the value anew
    whenever it is shown.
    """

    def __init__(self, stops: ArrayLike, value: float, **traits: Any) -> None:
        self.stops = _as_stops(stops)
        super().__init__(
            options=_labelled(self.stops), value=self._nearest(as_number("value", value)), **traits
        )

    def set_stops(self, stops: ArrayLike) -> None:
        """Replace the stops; the slider stays at its value, or at the nearest."""
        held = self.trait_values()["value"]
        self.stops = _as_stops(stops)
        self.options = _labelled(self.stops)
        self.value = held

    def _nearest(self, value: float) -> float:
        return float(self.stops[np.argmin(np.abs(self.stops - value))])

    @traitlets.validate("value")
    def _validate_value(self, proposal: Any) -> float:
        return self._nearest(as_number("value", proposal.value))

    @traitlets.observe("value")
    def _propagate_value(self, change: Any) -> None:
        super()._propagate_value(change)
        self.label = self._options_labels[self.index]  # the index may be that of the value before


class OpenStopSlider(StopSlider):
    """A StopSlider that takes any value between its ends: as one more stop, till another comes.

    Its stops ascend.
    """

    def __init__(self, stops: ArrayLike, value: float, **traits: Any) -> None:
        if not (np.diff(_as_stops(stops)) > 0).all():
            raise ValueError(f"stops must ascend, got {stops!r}")
        super().__init__(stops, value, **traits)

    @traitlets.validate("value")
    def _validate_value(self, proposal: Any) -> float:
        value = as_number("value", proposal.value)
        given = self.stops
        if not given[0] <= value <= given[-1]:
            raise ValueError(f"value must be between {given[0]:.3g} and {given[-1]:.3g}: {value}")
        nearest = self._nearest(value)
        if math.isclose(nearest, value, rel_tol=1e-9):
            value = nearest
        if value not in self.values:
            # Not by way of `options`, which would fall back to the first of them.
            self._options_full = _labelled(np.sort(np.append(given, value)))
            self._options_values = tuple(stop for _, stop in self._options_full)
            self.set_trait("_options_labels", tuple(text for text, _ in self._options_full))
        return value

    @property
    def values(self) -> NDArray[np.float64]:
        """The stops, and the value between them that is or was the last to be set."""
        return np.array(self._options_values)


def slider_for(name: str, values: NDArray[Any]) -> Widget:
    """Return the slider that suits a dimension's values: whole numbers, numbers or words."""
    style: dict[str, Any] = {
        "description": name.replace("_", " "),
        "style": {"description_width": "9em"},
        "layout": {"width": "min(100%, 44em)"},
    }
    if values.dtype.kind in "iu" and (np.diff(values) == 1).all():
        return IntSlider(value=values[0], min=values[0], max=values[-1], **style)
    if values.dtype.kind in "iuf":
        return StopSlider(values, values[0], **style)
    return ChoiceSlider(options=values.tolist(), **style)


def follow(slider: Any, values: NDArray[Any]) -> None:
    """Fit a slider that `slider_for` made to new values; it stays at its own or the nearest."""
    if isinstance(slider, IntSlider):
        low, high = int(values.min()), int(values.max())
        slider.max = max(slider.max, high)  # min may not pass it
        slider.min = low
        slider.max = high
        return
    if isinstance(slider, StopSlider):
        slider.set_stops(values)
    else:
        held = slider.value
        slider.options = values.tolist()  # and the slider goes to the first
        if held in slider.options:
            slider.value = held


def index_of(control: Any, values: NDArray[Any]) -> int:
    """Return the index of the dimension's value at which its control stands."""
    if getattr(control, "index", None) is not None:
        return min(int(control.index), len(values) - 1)
    return int(np.argmin(np.abs(values - control.value)))


def _as_stops(stops: ArrayLike) -> NDArray[np.float64]:
    array = as_floats("stops", stops)
    if array.ndim != 1 or len(array) == 0 or not np.isfinite(array).all():
        raise ValueError(f"stops must be a list of finite numbers, got {stops!r}")
    return array


def _labelled(stops: NDArray[np.float64]) -> tuple[tuple[str, float], ...]:
    """Return the stops with labels of three digits, or as many as tell them apart."""
    labels = [f"{stop:.3g}" for stop in stops]
    for digits in range(4, 18):
        count = Counter(labels)
        labels = [
            label if count[label] == 1 else f"{stop:.{digits}g}"
            for label, stop in zip(labels, stops, strict=True)
        ]
    return tuple(zip(labels, stops.tolist(), strict=True))
