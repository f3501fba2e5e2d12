"""The matplotlib half of a LiveFigure: the painting, and stills of what moves over it."""

from io import BytesIO

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from gdviz.live.artists import artists_at
from gdviz.live.scene import Position, Scene

SCALE = 2
"""Device pixels per figure pixel, so that the painting is crisp on dense screens."""


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


def _png(pixels: NDArray[np.uint8]) -> bytes:
    file = BytesIO()
    # 256 colours are enough for contours, lines and text: a third of the bytes and of the time.
    image = Image.fromarray(pixels).convert("RGB").quantize(256, Image.Quantize.FASTOCTREE)
    image.save(file, format="png")
    return file.getvalue()
