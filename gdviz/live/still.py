"""The matplotlib half of a LiveFigure: the painting, and stills of what moves over it."""

from io import BytesIO
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text as TextArtist
from matplotlib.transforms import Bbox, IdentityTransform
from PIL import Image

from gdviz.live.scene import POINT, Marks, Position, Readout, Scene, axes_box, place

SCALE = 2
"""Device pixels per figure pixel, so that the painting is crisp on dense screens."""
RIM = 1.2 * POINT
"""Width in pixels of the rim around markers and, on either side, around lines."""


class Painting:
    """A figure painted once; stills are drawn over copies of it."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        figure.set_dpi(100 * SCALE)
        self.canvas = FigureCanvasAgg(figure)
        self.repaint()

    def repaint(self) -> None:
        """Paint the figure anew, after its artists have changed."""
        self.canvas.draw()
        self.pixels = np.asarray(self.canvas.buffer_rgba()).copy()

    def png(self) -> bytes:
        """Return the painting without anything that moves."""
        return _png(self.pixels)

    def still(self, scene: Scene, position: Position) -> bytes:
        """Return a PNG of the painting with the scene at ``position`` drawn over it."""
        renderer = self.canvas.get_renderer()
        np.asarray(renderer.buffer_rgba())[:] = self.pixels
        for mark in scene.marks:
            for artist in (
                [_text(mark, position, scene.size)]
                if isinstance(mark, Readout)
                else _lines(mark, position, scene.size)
            ):
                artist.set_figure(self.figure)
                artist.draw(renderer)
        return _png(np.asarray(renderer.buffer_rgba()))


def _lines(marks: Marks, position: Position, size: tuple[float, float]) -> list[Line2D]:
    """Return the artists of a mark, from the bottom up: rim, line, dots."""
    height = size[1]
    x, y = (coordinate.astype(float) for coordinate in marks.at(position))
    left, top, width, box_height = (SCALE * value for value in axes_box(marks.axes, size))
    clip = Bbox.from_bounds(left, SCALE * height - top - box_height, width, box_height)
    color = marks.color or "none"

    def line(**style: Any) -> Line2D:
        artist = Line2D(SCALE * x, SCALE * (height - y), transform=IdentityTransform(), **style)
        artist.set_clip_box(clip)
        return artist

    def stroke(color: str, width: float) -> Line2D:
        return line(
            color=color,
            linewidth=width / POINT,
            solid_capstyle="round",
            solid_joinstyle="round",
        )

    lines = []
    if marks.width and marks.outline is not None:
        lines.append(stroke(marks.outline, marks.width + 2 * RIM))
    if marks.width:
        lines.append(stroke(color, marks.width))
    if marks.dots:
        rim = (
            {}
            if marks.width
            else {"markeredgecolor": marks.outline, "markeredgewidth": RIM / POINT}
        )
        lines.append(
            line(
                linestyle="none",
                marker="o",
                markersize=marks.dots / POINT,
                markerfacecolor=color,
                **{"markeredgewidth": 0, **rim},
            )
        )
    return lines


def _text(readout: Readout, position: Position, size: tuple[float, float]) -> TextArtist:
    x, y = place(readout.style, size)
    return TextArtist(
        SCALE * x,
        SCALE * (size[1] - y),
        readout.at(position),
        color=readout.style.color,
        horizontalalignment=readout.style.align,
        verticalalignment="baseline",
        fontsize=readout.style.size,
        fontweight="bold" if readout.style.bold else "normal",
        fontfamily="DejaVu Sans",
        parse_math=False,
        transform=IdentityTransform(),
    )


def _png(pixels: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> bytes:
    file = BytesIO()
    image = Image.fromarray(pixels).convert("RGB")
    image.save(file, format="png", compress_level=3)  # a quarter faster than 6, 7 % larger
    return file.getvalue()
