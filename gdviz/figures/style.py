"""The one source of gdviz's look."""

from contextlib import AbstractContextManager
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb

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

MARK, TEXT = 3.0, 4.5
"""The contrast with its background that a mark needs, and a text (WCAG 2.2, 1.4.11 and 1.4.3)."""

CLASS_COLORS = [COLORS[name] for name in ("blue", "orange", "green", "purple", "sky blue", "black")]
"""Of a dataset's classes; vermillion is for what moves."""
CLASS_MARKERS = ["o", "^", "s", "D", "v", "P"]
"""Of a dataset's classes, for eyes to which two of the colours look alike."""

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


def contrast_with_white(color: str) -> float:
    """Return a colour's contrast with white, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    channels = np.array(to_rgb(color))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05))


def ink(color: str) -> str:
    """Return the colour, darkened as far as text on white needs it."""
    return _darkened(color, TEXT)


def rim(color: str) -> str:
    """Return what sets a mark of this colour off: white, or a darker shade if it is too light."""
    contrast = contrast_with_white(color)
    return "white" if contrast >= MARK else _darkened(color, MARK * contrast)


def _darkened(color: str, contrast: float) -> str:
    """Return the lightest shade of a colour that has this contrast with white."""
    shades = (to_hex(part * np.array(to_rgb(color))) for part in np.linspace(1, 0, 101))
    return next(shade for shade in shades if contrast_with_white(shade) >= contrast)


def label(axes: Axes, *, x: str, y: str, title: str = "") -> None:
    """Label the axes. Names come from the user's data: shown as they are, never as TeX."""
    axes.set_xlabel(x, parse_math=False)
    axes.set_ylabel(y, parse_math=False, labelpad=2)
    axes.set_title(title, parse_math=False)
