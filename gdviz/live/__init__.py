"""Figures that matplotlib paints once and the browser keeps moving, without a kernel.

The way of the data: `tracks` say what moves over which dimensions -> `scene` has matplotlib map
them to the figure's pixels and packs them -> `widget` (canvas.js) draws them in the browser,
`still` draws the same scene through matplotlib, by way of `artists`, and `save` writes it to files.
`figure` holds them together.
"""

from gdviz.live.figure import LiveFigure
from gdviz.live.player import Player, Presets
from gdviz.live.sliders import ChoiceSlider, OpenStopSlider, StopSlider
from gdviz.live.tracks import Area, Line, Points, Raster, Text, Track, Trail, literal

__all__ = [
    "Area",
    "ChoiceSlider",
    "Line",
    "LiveFigure",
    "OpenStopSlider",
    "Player",
    "Points",
    "Presets",
    "Raster",
    "StopSlider",
    "Text",
    "Track",
    "Trail",
    "literal",
]
