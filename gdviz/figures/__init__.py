"""matplotlib pictures of descents: each function draws on an Axes that it is given."""

from gdviz.figures.fit import class_color, draw_classes, draw_fit, draw_probabilities
from gdviz.figures.graph import draw_graph
from gdviz.figures.landscape import draw_curve, draw_landscape, draw_surface, loss_range
from gdviz.figures.loss import draw_loss
from gdviz.figures.powers import write_powers
from gdviz.figures.relief import draw_relief
from gdviz.figures.style import COLORS, gdviz_style, ink, rim

__all__ = [
    "COLORS",
    "class_color",
    "draw_classes",
    "draw_curve",
    "draw_fit",
    "draw_graph",
    "draw_landscape",
    "draw_loss",
    "draw_probabilities",
    "draw_relief",
    "draw_surface",
    "gdviz_style",
    "ink",
    "loss_range",
    "rim",
    "write_powers",
]
