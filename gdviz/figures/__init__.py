"""matplotlib pictures of descents: each function draws on an Axes that it is given."""

from gdviz.figures.curve import draw_curve
from gdviz.figures.fit import draw_fit
from gdviz.figures.landscape import draw_landscape
from gdviz.figures.loss import draw_loss
from gdviz.figures.style import COLORS, gdviz_style

__all__ = ["COLORS", "draw_curve", "draw_fit", "draw_landscape", "draw_loss", "gdviz_style"]
