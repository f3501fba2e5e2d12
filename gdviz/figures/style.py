"""The one source of gdviz's look."""

from contextlib import AbstractContextManager
from typing import Any

import matplotlib.style
from matplotlib.axes import Axes

# Okabe and Ito (2008), "Color Universal Design": told apart by colour-blind eyes too.
COLORS = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky blue": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
}

CLASS_COLORS = [COLORS[name] for name in ("blue", "orange", "green", "purple", "sky blue", "black")]
"""Of a dataset's classes; vermillion is for what moves."""

STYLE: dict[str, Any] = {
    "font.size": 12,
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titley": 1.02,  # where it would be anyway; searching for the place takes time
    "axes.labelsize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "image.cmap": "viridis",
    "lines.linewidth": 2,
    "figure.facecolor": "white",
    "axes.grid": False,
    "axes.unicode_minus": False,  # as in the readouts, and as Python prints
    "axes.axisbelow": True,
}


def gdviz_style() -> AbstractContextManager[None]:
    """Return a context in which whatever is drawn has gdviz's look."""
    return matplotlib.style.context(STYLE, after_reset=True)


def label(axes: Axes, *, x: str, y: str, title: str = "") -> None:
    """Label the axes. Names come from the user's data: shown as they are, never as TeX."""
    axes.set_xlabel(x, parse_math=False)
    axes.set_ylabel(y, parse_math=False, labelpad=2)
    axes.set_title(title, parse_math=False)
