"""The matplotlib half of a LiveFigure: the painting, and stills of what moves over it."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from gdviz.live.artists import artists_at
from gdviz.live.scene import Position, Scene

SCALE = 2
"""Device pixels per figure pixel, so that the painting is crisp on dense screens."""
FAST = 2
"""Compression of what is sent while someone waits: half the time, a quarter more bytes."""


class Painting:
    """A figure painted once; stills are drawn over copies of it.

    Single axes can be painted anew in a fraction of the time: as patches on the painting.
    """

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        figure.set_dpi(100 * SCALE)
        self.canvas = FigureCanvasAgg(figure)
        self.repaint()

    def repaint(self, axes: Sequence[Axes] = ()) -> None:
        """Paint the figure anew, after its artists have changed; or only some of its axes.

        Nothing else in the figure may overlap these axes. The first time all is painted, to learn
        where they are.
        """
        if axes and all(each in self._filled for each in axes):
            for each in axes:
                self._patch(each)
            return
        self.canvas.draw()
        self.pixels = np.asarray(self.canvas.buffer_rgba()).copy()
        self._filled: dict[Axes, NDArray[np.bool_]] = {
            each: self._draw_alone(each)[1] for each in axes
        }
        self._patched: dict[Axes, NDArray[np.bool_]] = {}

    def _patch(self, axes: Axes) -> None:
        """Draw axes where they are now, and the empty figure where they were before."""
        pixels, filled = self._draw_alone(axes)
        changed = filled | self._filled[axes]
        _whole(self.pixels)[changed] = _whole(pixels)[changed]
        self._filled[axes] = filled
        self._patched[axes] = changed | self._patched.get(axes, changed)

    def _draw_alone(self, axes: Axes) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Draw axes on the empty figure, and return it with the mask of what they fill."""
        renderer = self.canvas.get_renderer()
        pixels = np.asarray(renderer.buffer_rgba())
        face = np.round(255 * np.array(to_rgba(self.figure.get_facecolor()))).astype(np.uint8)
        _whole(pixels).fill(_whole(face))
        axes.draw(renderer)
        return pixels, _whole(pixels) != _whole(face)

    def png(self) -> bytes:
        """Return the painting without anything that moves."""
        return _png(self.pixels, FAST)

    def patches(self) -> list[dict[str, Any]]:
        """Return the axes painted since all was: PNGs, with their boxes in figure pixels.

        A box is left, top, right and bottom.
        """
        patches = []
        for changed in self._patched.values():
            columns, rows = (np.flatnonzero(changed.any(axis=axis)) for axis in (0, 1))
            (left, right), (top, bottom) = ((int(k[0]), int(k[-1]) + 1) for k in (columns, rows))
            box = [edge / SCALE for edge in (left, top, right, bottom)]
            patches.append({"box": box, "png": _png(self.pixels[top:bottom, left:right], FAST)})
        return patches

    def at(self, scene: Scene, position: Position) -> NDArray[np.uint8]:
        """Return the painting's pixels with the scene at ``position``, till others are drawn."""
        renderer = self.canvas.get_renderer()
        pixels = np.asarray(renderer.buffer_rgba())
        pixels[:] = self.pixels
        for artist in artists_at(scene, position, self.figure):
            artist.draw(renderer)
        return pixels

    def still(self, scene: Scene, position: Position) -> bytes:
        """Return a PNG of the painting with the scene at ``position`` drawn over it."""
        return _png(self.at(scene, position))


def _whole(pixels: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return pixels as one number each, which is faster than four bytes."""
    return pixels.view(np.uint32)[..., 0]


def _png(pixels: NDArray[np.uint8], compress_level: int = 6) -> bytes:
    file = BytesIO()
    # 256 colours are enough for contours, lines and text: a third of the bytes and of the time.
    image = Image.fromarray(pixels).convert("RGB").quantize(256, Image.Quantize.FASTOCTREE)
    image.save(file, format="png", compress_level=compress_level)
    return file.getvalue()
