"""Powers of ten at logarithmic axes."""

import re

from matplotlib.axis import Axis
from matplotlib.ticker import LogFormatterSciNotation

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Powers(LogFormatterSciNotation):
    """Numbers as matplotlib writes them at logarithmic axes, but as text: 10⁻³.

    Its own are TeX, whose parser takes as long as all else of a first figure: 0.1 s.
    """

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Return the number at a tick."""
        tex = super().__call__(x, pos).removeprefix(r"$\mathdefault{").removesuffix("}$")
        tex = tex.replace(r"\times", "×")
        return re.sub(r"\^\{(.*)\}", lambda power: power[1].translate(SUPERSCRIPTS), tex)


def write_powers(*axes: Axis) -> None:
    """Write the numbers of logarithmic axes without TeX."""
    for axis in axes:
        axis.set_major_formatter(Powers())
        axis.set_minor_formatter(Powers())
