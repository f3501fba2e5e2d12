"""What moves in a LiveFigure: tracks over named dimensions.

A track's ``over`` names the dimensions that its arrays' leading axes stand for, in order. An axis
of length 1 means "the same for every value of this dimension".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from matplotlib.axes import Axes
from numpy.typing import ArrayLike


@dataclass(frozen=True, eq=False)
class Placed:
    """What lines, points and areas share: where they are, over which dimensions."""

    axes: Axes
    x: ArrayLike
    y: ArrayLike
    over: Sequence[str] = ()
    z: ArrayLike | None = None


@dataclass(frozen=True, eq=False)
class Line(Placed):
    """A line through points that move together.

    Parameters
    ----------
    axes : matplotlib Axes
        Where to draw; the line is clipped to it.
    x, y : array_like
        Data coordinates that broadcast to ``(*over, n_points)``. NaN breaks the line.
    over : sequence of str
        The dimensions of the leading axes.
    z : array_like, optional
        Third coordinate, for Axes with ``projection="3d"``.
    color : matplotlib color
    width : float
        In points.
    outline : matplotlib color, optional
        Colour of a rim that sets the line off from its background.
    """

    color: str = "C0"
    width: float = 2.0
    outline: str | None = None


@dataclass(frozen=True, eq=False)
class Trail(Line):
    """A line that grows: its points are the values of the last dimension in ``over``.

    ``x`` and ``y`` broadcast to ``(*over,)``; what is drawn reaches from the dimension's first
    value to its present one. ``dots`` is the diameter, in points, of a dot at each of them.
    """

    dots: float = 0.0


@dataclass(frozen=True, eq=False)
class Points(Placed):
    """Round markers.

    Parameters
    ----------
    axes, x, y, over, z
        As for `Line`; arrays of shape ``(*over,)`` stand for a single point.
    color, outline : matplotlib color
        Of the face and of the rim; ``color="none"`` leaves a ring. With ``codes``, ``color`` is a
        sequence of colours.
    size : float
        Diameter in points.
    codes : array_like of int, optional
        For each point the number of its colour, counted from 0; broadcasts to
        ``(*over, n_points)``. Points are drawn colour by colour.
    """

    color: str | Sequence[str] = "C0"
    outline: str | None = "white"
    size: float = 8.0
    codes: ArrayLike | None = None


@dataclass(frozen=True, eq=False)
class Area(Placed):
    """A filled polygon, its corners joined by straight lines, the last to the first.

    Parameters
    ----------
    axes, x, y, over, z
        As for `Line`; but corners that are NaN are left out, so that the polygon may have fewer of
        them at some positions.
    color : matplotlib color
    alpha : float
        Opacity of the fill, from 0 to 1.
    outline : matplotlib color, optional
        Of a line along the edge.
    width : float
        Of the outline, in points.
    """

    color: str = "C0"
    alpha: float = 0.3
    outline: str | None = None
    width: float = 1.5


@dataclass(frozen=True, eq=False)
class Raster:
    """A picture made of cells of one colour each, such as the regions of a classifier.

    Parameters
    ----------
    axes : matplotlib Axes
        With linear scales; the picture is clipped to it.
    codes : array_like of int, shape (*over, rows, columns)
        For each cell the number of its colour, counted from 0. The first row is at the bottom.
    colors : sequence of matplotlib colors
    extent : tuple of float
        Left, right, bottom and top edge of the picture, in data coordinates, as for
        ``Axes.imshow``.
    over : sequence of str
        The dimensions of the leading axes.
    alpha : float
        Opacity, from 0 to 1.
    """

    axes: Axes
    codes: ArrayLike
    colors: Sequence[str]
    extent: tuple[float, float, float, float]
    over: Sequence[str] = ()
    alpha: float = 0.3


def literal(words: str) -> str:
    """Return a template of `Text` that shows these words as they are, braces and all."""
    return str(words).replace("{", "{{").replace("}", "}}")


@dataclass(frozen=True, eq=False)
class Text:
    """A readout.

    Parameters
    ----------
    template : str
        Text with fields as in ``str.format``: ``"loss {loss:.3g}"``. A field is one of ``values``
        or a dimension. Formats: none (whole numbers, words), or a precision with g, f or e.
    values : mapping of str to array_like
        Numbers that broadcast to ``(*over,)``.
    over : sequence of str
        The dimensions of the values' axes.
    words : mapping of str to sequence of str
        For a field whose values are whole numbers, the words that they count into from 0.
    axes : matplotlib Axes, optional
        Place the text in these axes; default in the figure. Not needed for a description.
    x, y : float
        Position as a fraction of the axes or figure, from the lower left.
    align : {"left", "center", "right"}
    size : float
        In points.
    """

    template: str
    values: Mapping[str, ArrayLike] = field(default_factory=dict)
    over: Sequence[str] = ()
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)
    axes: Axes | None = None
    x: float = 0.0
    y: float = 0.0
    align: Literal["left", "center", "right"] = "left"
    color: str = "black"
    size: float = 12.0
    bold: bool = False


Track = Line | Points | Area | Raster | Text
