"""Controls that explorers share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10
from typing import Any

import numpy as np
import traitlets
from ipywidgets import (
    HTML,
    Button,
    Dropdown,
    FloatSlider,
    HBox,
    IntSlider,
    Label,
    VBox,
    Widget,
)
from numpy.typing import ArrayLike, NDArray

from gdviz.arguments import as_whole
from gdviz.initialization import Gaussian, Initialization, Uniform
from gdviz.landscape import Plane, parameter_plane
from gdviz.linear import LinearRegression
from gdviz.live import LiveFigure, OpenStopSlider, StopSlider
from gdviz.live.figure import MAX_BYTES, UNPACKED_BYTES
from gdviz.task import Array, Task

LABEL_WIDTH = "8.5em"
SLOWEST, FASTEST = 1e-4, 3.0
"""The ends of a learning-rate slider, as multiples of the largest stable learning rate."""
FINE = (1, 1.1, 1.3, 1.5, 1.7, 2, 2.2, 2.5, 2.8, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9)
"""The stops in each decade: round numbers, some 14 % apart."""
COARSE = (1, 1.5, 2, 3, 5, 7)
"""Stops for pictures that take more data each, some 47 % apart."""
WIDEST = 10.0
"""Where the sliders of an initialization end."""
GRIDS = (
    *((5, 4, 2), (5, 3, 2), (5, 4, 1), (5, 3, 1)),
    *((3, 3, 1), (3, 2, 1), (2, 2, 1), (1, 1, 1)),
)
"""How many stops of two parameters, and how many samples, a page without a kernel may have."""
CHOSEN = ("first_parameter", "second_parameter", "sample")
"""The dimensions of that."""
AROUND = {1: (0,), 2: (0, 1), 3: (-1, 0, 1), 5: (-1, -0.5, 0, 0.5, 1)}
"""Where the stops of μ are, in widths from where it stands."""
TIMES = {1: (1,), 2: (1, 2), 3: (0.5, 1, 2), 4: (0, 0.5, 1, 2), 5: (0, 0.5, 1, 1.5, 2)}
"""What a width is multiplied by."""
FIRST_SEED = 59
"""N(0, 1) then starts left of and above the penguins' minimum, where a path can be seen."""


def plane_of_a_line(task: LinearRegression) -> Plane:
    """Return the plane of W and b, or say what kind of task is needed for it."""
    if not isinstance(task, LinearRegression):
        raise ValueError(f"task must be a gd.LinearRegression, got {task!r}")
    return parameter_plane(task)


def as_start(task: Task, start: ArrayLike | None) -> Array:
    """Return ``start`` as one finite θ of the task; by default one drawn from N(0, 1)."""
    if start is None:
        return Gaussian().sample(task.shape, FIRST_SEED)
    return checked_start(task, start)


def checked_start(task: Task, start: ArrayLike) -> Array:
    """Return a copy of ``start`` if it is one finite θ of the task, or say that it is not."""
    theta = task.as_theta(start)
    if theta.shape != task.shape or not np.isfinite(theta).all():
        raise ValueError(f"start must be one finite theta of shape {task.shape}, got {start!r}")
    return theta.copy()


def as_iterations(iterations: Any, runs: int = 1, least: int = 1) -> int:
    """Return ``iterations`` as an int, or say how many the paths of ``runs`` descents can have.

    Before they are computed: what takes two float32 numbers a step must fit into what is sent.
    """
    return as_whole("iterations", iterations, least, MAX_BYTES // (8 * runs) - 1)


def labelled(label: str, *widgets: Any) -> HBox:
    """Return a row: a label of the common width, then the widgets."""
    return HBox([Label(label, layout={"width": LABEL_WIDTH, "flex": "none"}), *widgets])


def learning_rate_stops(limit: float, digits: Sequence[float] = FINE) -> Array:
    """Return round numbers, from far too small to three times the stability limit.

    ``digits`` are the stops of a decade: `FINE` makes some 80, `COARSE` 27.
    """
    if not 0 < limit < np.inf:
        raise ValueError(
            f"task: the largest stable learning rate is {limit}, where a slider has no place: "
            "rescale the data or the loss"
        )
    return round_stops(SLOWEST * limit, FASTEST * limit, digits)


def round_stops(low: float, high: float, digits: Sequence[float] = FINE) -> Array:
    """Return the round numbers from ``low`` to ``high``, and ``high`` itself."""
    decades = range(floor(log10(low)), ceil(log10(high)))
    stops = np.array([float(f"{digit}e{decade}") for decade in decades for digit in digits])
    return np.append(stops[(stops >= low) & (stops < high * (1 - 1e-9))], high)


def draw_or_go_back(control: Widget, names: str | list[str], draw: Callable[[], None]) -> None:
    """Call ``draw`` when a trait of these names changes; if it refuses, the trait goes back."""

    def changed(change: Any) -> None:
        try:
            draw()
        except ValueError:
            control.unobserve(changed, names)
            try:
                control.set_trait(change.name, change.old)
            finally:
                control.observe(changed, names)
            raise

    control.observe(changed, names)


def even_stops(low: float, high: float, count: int) -> Array:
    """Return some ``count`` multiples of a round number, from about ``low`` to about ``high``."""
    step = (high - low) / count
    magnitude = 10 ** np.floor(np.log10(step))
    step = magnitude * next(round for round in (1, 2, 5, 10) if round * magnitude >= step)
    return np.asarray(step * np.arange(np.floor(low / step), np.ceil(high / step) + 1))


def with_marks(slider: OpenStopSlider, marks: Mapping[str, float]) -> VBox:
    """Return the slider over a scale on which labelled values are marked."""
    scale = HTML(layout={"margin": "0", "height": "15px", "overflow": "visible"})

    def draw(_: Any) -> None:
        values = slider.values
        labels = "".join(
            '<span style="position:absolute;margin-left:-0.45em;white-space:nowrap;'
            f'left:{100 * _fraction(values, value):.3f}%"><span style="display:inline-block;'
            f'width:0.9em;text-align:center" aria-hidden="true">▲</span> {escape(label)}</span>'
            for label, value in marks.items()
        )
        # The margins are those of the slider's own track inside its widget.
        scale.value = (
            '<div class="gdviz-scale" style="position:relative;height:15px;line-height:15px;'
            f'font-size:12px;margin:0 84px 0 6px">{labels}</div>'
        )

    draw(None)
    slider.observe(draw, "_options_labels")
    return VBox(
        [slider, scale],
        layout={"flex": "1 1 auto", "min_width": "min(20em, 100%)", "overflow": "visible"},
    )


def _fraction(values: Array, value: float) -> float:
    """Return how far along a slider over ``values``, a geometric row, a value lies."""
    place = np.interp(np.log(value), np.log(values), np.arange(len(values)))
    return float(place / (len(values) - 1))


def _stops_around(value: Initialization, n_first: int, n_second: int) -> tuple[Array, Array]:
    """Return stops for the two parameters of a distribution, its own among them."""
    if isinstance(value, Gaussian):
        width = value.sigma or 1.0
        firsts = value.mu + width * np.array(AROUND[n_first])
        seconds = value.sigma + width * (np.array(TIMES[n_second]) - 1)
        return firsts, np.unique(np.maximum(seconds, 0))
    half = (value.b - value.a) / 2 or 1.0
    firsts = value.a - half * (np.array(TIMES[n_first]) - 1)
    return firsts[::-1], value.b + half * (np.array(TIMES[n_second]) - 1)


@dataclass(frozen=True)
class Choice:
    """What the sliders of an initialization can show on a page without a kernel.

    Attributes
    ----------
    controls, dimensions : dict
        The sliders, and their values, by the names in `CHOSEN`.
    distributions : list of lists
        By the values of the two parameters.
    present : tuple of int
        Where among them the present one is.
    seeds : sequence of int
        Of the samples, the present one first.
    """

    controls: dict[str, Widget]
    dimensions: dict[str, NDArray[Any]]
    distributions: list[list[Initialization]]
    present: tuple[int, int]
    seeds: Sequence[int]

    @property
    def labels(self) -> list[str]:
        """What each sample is drawn from, in their order."""
        return [d.label for row in self.distributions for d in row for _ in self.seeds]

    def samples(self, shape: tuple[int, ...]) -> Array:
        """Draw all samples: an array whose leading axes are the dimensions."""
        return np.array(
            [[[d.sample(shape, s) for s in self.seeds] for d in row] for row in self.distributions]
        )


def spread(
    explorer: LiveFigure,
    initialization: "InitializationControl",
    show: Callable[[Choice], None],
    max_bytes: int,
) -> None:
    """Have a frozen explorer show as large a choice of starts as has room in ``max_bytes``."""
    scene = explorer.scene
    room = min(1.1 * max_bytes / scene.n_packed_bytes, UNPACKED_BYTES / scene.n_bytes)
    for counts in GRIDS:
        if np.prod(counts) <= room:
            show(initialization.freeze(counts))
            if explorer.scene.n_packed_bytes <= max_bytes:
                return


class InitializationControl(HBox):  # type: ignore[misc]
    """Choose a distribution and its two parameters, and draw again.

    Attributes
    ----------
    value : Gaussian or Uniform
        The chosen distribution; may be set from code, also beyond the ends of the sliders.
    seed : int
        Counted up by the button "New sample".
    """

    value: Any = traitlets.TraitType(None)  # traitlets.Any would take None unseen
    seed = traitlets.Int(FIRST_SEED)

    def __init__(self, value: Initialization) -> None:
        self.kind = Dropdown(
            options=["Gaussian", "Uniform"],
            layout={"width": "7em"},
            tooltip="The distribution from which θ is drawn",
        )
        self.parameters = tuple(
            FloatSlider(
                min=-WIDEST,
                max=WIDEST,
                step=0.05,
                readout_format=".2f",
                layout={"width": "16em"},
                style={"description_width": "1.2em"},
            )
            for _ in range(2)
        )
        self.new_sample = Button(description="New sample", layout={"width": "9em", "flex": "none"})
        super().__init__(self.controls)
        self._showing = False
        self.observe(self._show, "value")
        self.value = value
        self.kind.observe(self._change_kind, "value")
        for slider in self.parameters:
            slider.observe(self._change_parameter, "value")
        self.new_sample.on_click(self._draw_again)

    @property
    def controls(self) -> list[Widget]:
        """What can be moved or pressed."""
        return [self.kind, *self.parameters, self.new_sample]

    def sample(self, shape: tuple[int, ...]) -> Array:
        """Draw θ from the chosen distribution with the present seed."""
        return np.asarray(self.value.sample(shape, self.seed))

    def freeze(self, counts: tuple[int, int, int]) -> "Choice":
        """Get ready for a page without a kernel: with a few stops around the present value.

        ``counts`` is one of `GRIDS`; at the last of them the controls stay as they are.
        """
        stops: list[NDArray[Any]] = [*_stops_around(self.value, *counts[:2])]
        layout = {"width": "19em"}
        sliders = [
            StopSlider(
                values,
                slider.value,
                description=slider.description,
                layout=layout,
                style={"description_width": "1.2em"},
            )
            for values, slider in zip(stops, self.parameters, strict=True)
        ]
        sample = IntSlider(1, 1, counts[2], description="sample", layout=layout)
        if counts[0] == 1:
            self.children = self.controls
        else:
            self.children = [self.kind, *sliders, sample if counts[2] > 1 else self.new_sample]
        kind = type(self.value)
        return Choice(
            dict(zip(CHOSEN, [*sliders, sample], strict=True)),
            dict(zip(CHOSEN, [*stops, np.arange(counts[2]) + 1], strict=True)),
            [[kind(first, second) for second in stops[1]] for first in stops[0]],
            (sliders[0].index, sliders[1].index),
            range(self.seed, self.seed + counts[2]),
        )

    def _show(self, _: Any) -> None:
        """Move the controls to where ``value`` is."""
        if isinstance(self.value, Gaussian):
            kind, names, values = "Gaussian", "μσ", (self.value.mu, self.value.sigma)
        else:
            kind, names, values = "Uniform", "ab", (self.value.a, self.value.b)
        self._showing = True
        try:
            self.kind.value = kind
            for slider, name, value in zip(self.parameters, names, values, strict=True):
                # In one message: a page that learns of new ends first sends its old value back.
                with slider.hold_sync():
                    slider.description = name
                    # A slider would silently cut what lies beyond its ends.
                    slider.max = max(WIDEST, value)
                    slider.min = 0.0 if name == "σ" else min(-WIDEST, value)
                    slider.value = value
        finally:
            self._showing = False

    @traitlets.validate("value")
    def _validate_value(self, proposal: Any) -> Initialization:
        if not isinstance(proposal.value, Initialization):
            raise ValueError(
                f"initialization must be gd.Gaussian(mu, sigma) or gd.Uniform(a, b), got "
                f"{proposal.value!r}"
            )
        return proposal.value

    def _change_kind(self, _: Any) -> None:
        if not self._showing:
            self.value = Gaussian() if self.kind.value == "Gaussian" else Uniform()

    def _change_parameter(self, _: Any) -> None:
        if self._showing:
            return
        # Sliders in a page return their stops with errors of rounding.
        first, second = (round(slider.value, 6) for slider in self.parameters)
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
