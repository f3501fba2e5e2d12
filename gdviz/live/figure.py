"""LiveFigure: a matplotlib figure whose moving parts the browser draws."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np
from ipywidgets import HBox, IntSlider, Label, VBox, Widget
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from gdviz.arguments import as_whole, shown
from gdviz.live.lifetime import belongs_to_this_cell, close_tree
from gdviz.live.player import Player
from gdviz.live.save import save
from gdviz.live.scene import Position, Scene, axes_box, build_scene
from gdviz.live.sliders import follow, index_of, slider_for
from gdviz.live.still import SCALE, Painting
from gdviz.live.threads import answer_where_cells_run
from gdviz.live.tracks import Text, Track
from gdviz.live.widget import LiveCanvas

MAX_BYTES = 4_000_000
UNPACKED_BYTES = 64_000_000
"""What a figure on a page without a kernel may take in the browser's memory."""
WIDEST = 1.3
"""How much larger than matplotlib's a figure may be shown."""
CROSSHAIR_PLACES = 51
"""Across an axes, and up: where arrow keys move the crosshair to, as in canvas.js."""
NEEDS_KERNEL = "Needs Python: works in the notebook, not on this page."


class LiveFigure(VBox):  # type: ignore[misc]
    """A matplotlib figure, painted once, with tracks that the browser draws over it.

    Each dimension gets a slider; the tracks follow it in the browser, with or without a kernel.
    Where no widget can be shown, its still picture is. It lives until the notebook cell that made
    it is run again.

    Parameters
    ----------
    figure : matplotlib Figure
        What stands still. It is painted when the LiveFigure is made; `update` repaints it.
    tracks : sequence of Trail, Line, Points, Area, Raster or Text
        What moves; drawn in this order.
    dimensions : mapping of str to array_like
        The values of each dimension: numbers or words.
    description : str or Text
        What a screen reader says of the picture; a template with fields, as in `Text`.
    controls : mapping of str to widget, optional
        Your own sliders, by dimension. Default: the one that suits the values.
    max_bytes : int
        The largest data that may be sent to the browser.

    Raises
    ------
    ValueError
        If a track does not fit the dimensions, or the data are larger than ``max_bytes``.
    """

    def __init__(
        self,
        figure: Figure,
        tracks: Sequence[Track],
        dimensions: Mapping[str, ArrayLike],
        *,
        description: str | Text = "",
        controls: Mapping[str, Widget] | None = None,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close(figure)  # else it would be shown once more
        self._max_bytes = max_bytes
        self._frozen = False
        self._description = Text(description) if isinstance(description, str) else description
        self._painting = Painting(figure)
        self._clickable: list[tuple[Axes, Callable[[float, float], None]]] = []
        self._asking: list[Widget] = []
        self._revision = 0
        self._only: Position = {}
        self.scene = self._build(tracks, dimensions, self._description)
        given = dict(controls or {})
        self._check_known("controls", given)
        self._followers = [name for name in self.scene.dimensions if name not in given]
        self.controls: dict[str, Any] = {
            name: given[name] if name in given else slider_for(name, values)
            for name, values in self.scene.dimensions.items()
        }
        self.canvas = LiveCanvas(
            painting=self._painting.png(), scene=self._payload(), controls=self.controls
        )
        self.canvas.clicked.register_callback(self._on_click)
        # In a wide window the controls stay below the picture.
        widest = f"{WIDEST * self.scene.size[0]:.0f}px"
        layout = {"width": "100%", "max_width": widest, "margin": "0 auto"}
        super().__init__(self._rows(), layout=layout)
        self.add_class("gdviz")
        belongs_to_this_cell(self)
        answer_where_cells_run(self)

    def __repr__(self) -> str:
        dimensions = ", ".join(f"{k}: {len(v)}" for k, v in self.scene.dimensions.items())
        return f"LiveFigure({len(self.scene.marks)} tracks over {dimensions})"

    def close(self) -> None:
        """Close the figure and its controls, here and in the page."""
        close_tree(self)

    @property
    def position(self) -> Position:
        """The index at which each dimension's control stands."""
        return {
            name: index_of(self.controls[name], values)
            for name, values in self.scene.dimensions.items()
        }

    @property
    def description(self) -> str:
        """What a screen reader says of the picture as it stands."""
        return self.scene.description.at(self.position)

    def still(self, **position: int) -> bytes:
        """Return a PNG of the picture as it stands, or at other indices of the dimensions."""
        self._check_known("position", position)
        for name, index in position.items():
            as_whole(name, index, most=len(self.scene.dimensions[name]) - 1)
        return self._painting.still(self.scene, {**self.position, **position})

    def save(
        self,
        path: str | PathLike[str],
        *,
        over: str | None = None,
        frames: int = 150,
        fps: float = 20,
        dpi: float = 200,
    ) -> None:
        """Write the picture as it stands, or a movie of it, to a file.

        Parameters
        ----------
        path : str or path
            What it ends in says what is written: a picture as it stands (.png, or .svg and .pdf
            for slides and print), or a movie that plays one dimension from its first value to its
            last while the others stay where they stand (.gif, or .mp4 where ffmpeg is installed).
        over : str, optional
            The dimension that a movie plays. Default: the last one with a slider of whole numbers,
            such as ``"iteration"``; or else the last one.
        frames : int
            The most frames of a movie, without the rest at its end. Like a Player it begins
            slowly and becomes faster.
        fps : float
            Frames per second.
        dpi : float
            Dots per inch of a .png, and of pictures of cells in other formats.

        Raises
        ------
        ValueError
            If the path ends in anything else, or its folder does not exist.
        RuntimeError
            If ffmpeg is needed and is not there, or fails.
        """
        self._check_known("over", [] if over is None else [over])
        save(
            path,
            self._painting,
            self.scene,
            self.position,
            over=over or self._played_by_default(),
            frames=frames,
            fps=fps,
            dpi=dpi,
        )

    def update(
        self,
        tracks: Sequence[Track],
        dimensions: Mapping[str, ArrayLike] | None = None,
        *,
        description: Text | None = None,
        repaint: bool | Sequence[Axes] = False,
        only_here: Sequence[str] = (),
    ) -> None:
        """Replace the tracks, in one message to the browser.

        ``dimensions`` and ``description`` replace what they name, and sliders that are not your
        own follow; ``repaint`` says that the figure's own artists have changed. If they have in
        single axes only, and nothing else reaches into these, ``repaint=[axes, ...]`` takes a
        fraction of the time.

        ``only_here`` names dimensions of which the tracks know nothing but the place where their
        controls stand, such as what can be shown before all else is computed. Where these are
        moved, the picture stays as it is until the next update.
        """
        self._check_known("dimensions", dimensions or {}, self.controls)
        self._check_known("only_here", only_here)
        description = description or self._description
        if repaint:
            self._painting.repaint(() if repaint is True else repaint)
        self.scene = self._build(
            tracks, {**self.scene.dimensions, **(dimensions or {})}, description
        )
        self._description = description
        self._only = {name: self.position[name] for name in only_here}
        self._transmit(repaint=bool(repaint))
        for name in dimensions or {}:
            if name in self._followers:
                follow(self.controls[name], self.scene.dimensions[name])

    def on_click(self, axes: Axes, callback: Callable[[float, float], None]) -> None:
        """Call ``callback(x, y)``, in data coordinates, where someone clicks in ``axes``.

        Without a mouse: Tab to the picture, move a crosshair by the arrow keys, press Enter. It
        moves in the first axes that were given.
        """
        if not isinstance(axes, Axes) or not callable(callback):
            raise TypeError(
                f"on_click needs axes and a callback to be called, got {shown(axes)} and "
                f"{shown(callback)}"
            )
        self._clickable.append((axes, callback))
        self._transmit(repaint=False)

    def asks_kernel(self, *controls: Widget) -> None:
        """Name controls that only the kernel can answer: on a page without one they are grey."""
        self._asking.extend(controls)

    def freeze(self, max_bytes: int) -> None:
        """Get ready for a page without a kernel: what needs one is grey and says why.

        What moves is sent packed; ``max_bytes`` is what that should take at most. The base class
        sends all that it has.
        """
        for control in self._asking:
            control.disabled = True
            control.tooltip = NEEDS_KERNEL
        grey = ["grey controls"] * bool(self._asking)
        idle = " and ".join([*grey, *["clicks on the picture"] * bool(self._clickable)])
        if idle:
            words = f"{idle.capitalize()} need Python: they work in the notebook, not on this page."
            self._append(Label(words))
        self._clickable = []
        self._frozen, self._max_bytes = True, UNPACKED_BYTES
        self._transmit(repaint=False)

    @property
    def n_page_bytes(self) -> int:
        """What the frozen figure takes on its page: the painting, and what moves over it."""
        patches = sum(len(patch["png"]) for patch in self.canvas.patches)
        return len(self.canvas.painting) + patches + self.scene.n_packed_bytes

    def _played_by_default(self) -> str | None:
        names = list(self.scene.dimensions)
        steps = [name for name in names if isinstance(self.controls[name], IntSlider)]
        return next(reversed(steps or names), None)

    def _rows(self) -> list[Widget]:
        """Return what is shown: explorers lay out their controls in their own way."""
        return [self.canvas, *map(_row, self.controls.values())]

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data = super()._repr_mimebundle_(**kwargs)
        data["text/plain"] = repr(self)
        data["image/png"] = self.still()
        width, height = self.scene.size
        metadata = {"alt": self.description, "width": round(width), "height": round(height)}
        return data, {"image/png": metadata}

    def _build(
        self, tracks: Sequence[Track], dimensions: Mapping[str, ArrayLike], description: Text
    ) -> Scene:
        figure = self._painting.figure
        return build_scene(figure, tracks, dimensions, description, self._max_bytes)

    def _append(self, *rows: Widget) -> None:
        """Show more rows, below the others."""
        self.set_trait("children", (*self.trait_values()["children"], *rows))

    def _add_controls(self, controls: Mapping[str, Widget]) -> None:
        """Make ready for further dimensions, before the figure is on any page."""
        self.controls = {**self.controls, **controls}
        self.canvas.controls = self.controls

    def _check_known(
        self, argument: str, names: Iterable[str], known: Iterable[str] | None = None
    ) -> None:
        if isinstance(names, str) or not isinstance(names, Iterable):
            raise TypeError(f"{argument} must hold names of dimensions, got {shown(names)}")
        known = self.scene.dimensions if known is None else known
        if unknown := [name for name in names if not isinstance(name, str) or name not in known]:
            raise ValueError(
                f"{argument} names {', '.join(map(shown, unknown))}, which is no dimension of this "
                f"figure: it has {', '.join(known) or 'none'}"
            )

    def _payload(self) -> dict[str, Any]:
        self._revision += 1
        clickable = [
            {"box": axes_box(axes, self.scene.size), "x": _said(axes.xaxis), "y": _said(axes.yaxis)}
            for axes, _ in self._clickable
        ]
        payload = self.scene.packed if self._frozen else self.scene.payload
        places = {"clickable": clickable, "only": self._only}
        return {**payload, **places, "revision": self._revision}

    def _transmit(self, repaint: bool) -> None:
        with self.canvas.hold_sync():
            if repaint:
                patches = self._painting.patches()
                if not patches:  # all has been painted
                    self.canvas.painting = self._painting.png()
                self.canvas.patches = patches
            self.canvas.scene = self._payload()

    def _on_click(self, index: int, x: float, y: float) -> None:
        axes, callback = self._clickable[index]
        display = (SCALE * x, SCALE * (self.scene.size[1] - y))
        callback(*map(float, axes.transData.inverted().transform(display)))


def _said(axis: Axis) -> dict[str, Any]:
    """Return what a page says of places along an axis: its label, and the values there."""
    ends = np.asarray(axis.get_view_interval())
    scale = axis.get_transform()
    low, high = scale.transform(ends)
    values = scale.inverted().transform(np.linspace(low, high, CROSSHAIR_PLACES))
    if ends.min() < 0 < ends.max():
        values[np.abs(values) < 1e-9 * np.ptp(ends)] = 0  # which rounding has missed
    return {"label": axis.get_label_text(), "values": values.tolist()}


def _row(control: Widget) -> Widget:
    return HBox([control, Player(control)]) if isinstance(control, IntSlider) else control
