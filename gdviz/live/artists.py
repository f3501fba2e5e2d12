"""What moves in a LiveFigure, at one position, as matplotlib's own artists."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure
from matplotlib.image import BboxImage
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from matplotlib.text import Text as TextArtist
from matplotlib.transforms import Bbox, TransformedBbox
from numpy.typing import NDArray

from gdviz.live.scene import POINT, Marks, Picture, Position, Readout, Scene, axes_box, place

RIM = 1.2 * POINT
"""Width in pixels of the rim around markers and, on either side, around lines."""
ROUND: dict[str, Any] = {"solid_capstyle": "round", "solid_joinstyle": "round"}


def artists_at(scene: Scene, position: Position, figure: Figure) -> list[Artist]:
    """Return what ``scene`` shows at ``position`` as artists of ``figure``, from the bottom up.

    They are placed in inches, so that they are right at any resolution.
    """
    made: list[Artist] = []
    for mark in scene.marks:
        if isinstance(mark, Readout):
            drawn: list[Artist] = [_text(mark, position, scene.size)]
        elif isinstance(mark, Picture):
            drawn = [_image(mark, position, scene.size, figure)]
        else:
            drawn = list(_shapes(mark, position, scene.size))
        for artist in drawn:
            artist.set_figure(figure)
            if not isinstance(artist, BboxImage):
                artist.set_transform(figure.dpi_scale_trans)
            if not isinstance(mark, Readout):
                left, top, width, height = axes_box(mark.axes, scene.size)
                x, y = np.array([left, left + width]), np.array([top + height, top])
                box = Bbox(_inches(x, y, scene.size))
                artist.set_clip_box(TransformedBbox(box, figure.dpi_scale_trans))
        made.extend(drawn)
    return made


def _inches(x: NDArray[Any], y: NDArray[Any], size: tuple[float, float]) -> NDArray[np.float64]:
    """Return points in inches from the lower left."""
    return np.stack([x.astype(float), size[1] - y.astype(float)], axis=-1) / 100


def _shapes(marks: Marks, position: Position, size: tuple[float, float]) -> Iterator[Artist]:
    """Yield the artists of a mark, from the bottom up: rim, line, dots; or an area."""
    x, y = marks.at(position)
    points = _inches(x, y, size)
    if marks.kind == "area":
        yield Polygon(
            points[~np.isnan(points).any(axis=-1)],
            facecolor=marks.colors[0],
            edgecolor=marks.outline or "none",
            linewidth=marks.width / POINT,
            joinstyle="round",
            snap=False,  # else it would jump from pixel to pixel
        )
        return
    if marks.width and marks.outline is not None:
        width = (marks.width + 2 * RIM) / POINT
        yield Line2D(*points.T, color=marks.outline, linewidth=width, **ROUND)
    if marks.width:
        width = marks.width / POINT
        yield Line2D(*points.T, color=marks.colors[0], linewidth=width, **ROUND)
    if marks.dots:
        for code, color in enumerate(marks.colors):
            dots = points if marks.codes is None else points[marks.codes_at(position) == code]
            yield Line2D(
                *dots.T,
                linestyle="none",
                marker="o",
                markersize=marks.dots / POINT,
                markerfacecolor=color,
                markeredgecolor=marks.outline or color,
                markeredgewidth=RIM / POINT if marks.kind == "points" else 0,
            )


def _image(
    picture: Picture, position: Position, size: tuple[float, float], figure: Figure
) -> BboxImage:
    x0, y0, x1, y1 = picture.corners
    codes = picture.at(position)[:: 1 if y0 > y1 else -1, :: 1 if x0 < x1 else -1]
    corners = _inches(np.sort([x0, x1]), np.sort([y0, y1])[::-1], size)
    box = TransformedBbox(Bbox(corners), figure.dpi_scale_trans)
    return BboxImage(
        box,
        data=to_rgba_array(picture.colors)[codes],
        interpolation="nearest",
        origin="lower",
    )


def _text(readout: Readout, position: Position, size: tuple[float, float]) -> TextArtist:
    x, y = place(readout.style, size)
    return TextArtist(
        x / 100,
        (size[1] - y) / 100,
        readout.at(position),
        color=readout.style.color,
        horizontalalignment=readout.style.align,
        verticalalignment="baseline",
        fontsize=readout.style.size,
        fontweight="bold" if readout.style.bold else "normal",
        fontfamily="DejaVu Sans",
        parse_math=False,
        usetex=False,
    )
