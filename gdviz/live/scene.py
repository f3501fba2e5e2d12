"""Tracks mapped to figure pixels and packed for the browser."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from string import Formatter
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgba
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from gdviz.arguments import as_floats, shown
from gdviz.live.packing import pack
from gdviz.live.tracks import Area, Line, Points, Raster, Text, Track, Trail

POINT = 100 / 72
"""Pixels per point: a figure's own size is 100 pixels per inch, whatever it is painted at."""
FAR = 1e6
"""Pixels beyond which float32 no longer tells where a line passes through the picture."""
NEAR = 1e4
"""Half the side, in pixels, of the square to which polygons are cut: renderers fill no larger."""
LARGEST = 1e30
"""The largest coordinate that is sent."""
PRECISION = re.compile(r"\.\d+[gfe]")

Position = Mapping[str, int]
"""The index at which each dimension stands."""
Encoder = Callable[[NDArray[Any], str], tuple[bytes, dict[str, Any] | None]]
"""What makes bytes of an array and the format that it is shown in, and says how to read them."""


@dataclass(frozen=True, eq=False)
class Numbers:
    """An array whose leading axes are dimensions; length 1 where it is the same for all."""

    array: NDArray[Any]
    over: tuple[str, ...]

    def at(self, position: Position) -> NDArray[Any]:
        """Return what remains once every dimension has its place."""
        indices = (
            min(position[name], size - 1)
            for name, size in zip(self.over, self.array.shape, strict=False)
        )
        return np.asarray(self.array[tuple(indices)])


@dataclass(frozen=True, eq=False)
class Marks:
    """A line, a set of points or an area in figure pixels, from the upper left.

    Points of several colours have ``codes``, which count into ``colors``; all else has one colour.
    """

    kind: str
    x: Numbers
    y: Numbers
    axes: Axes
    grows: str | None
    colors: tuple[str, ...]
    codes: Numbers | None
    outline: str | None
    width: float
    dots: float

    def at(self, position: Position) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the points shown at ``position``."""
        each = [self.x, self.y] if self.codes is None else [self.x, self.y, self.codes]
        x, y, *_ = np.broadcast_arrays(*(numbers.at(position) for numbers in each))
        stop = len(x) if self.grows is None else position[self.grows] + 1
        return x[:stop], y[:stop]

    def codes_at(self, position: Position) -> NDArray[Any]:
        """Return the number of each point's colour at ``position``."""
        assert self.codes is not None
        return np.broadcast_to(self.codes.at(position), self.at(position)[0].shape)


@dataclass(frozen=True, eq=False)
class Picture:
    """Cells of one colour each between two corners, in figure pixels from the upper left.

    ``corners`` are those of the first row's first cell and of the last row's last cell.
    """

    codes: Numbers
    colors: tuple[str, ...]
    corners: tuple[float, float, float, float]
    axes: Axes

    def at(self, position: Position) -> NDArray[Any]:
        """Return the number of each cell's colour at ``position``."""
        return self.codes.at(position)


@dataclass(frozen=True, eq=False)
class Field:
    """The replaceable part of a readout: a number with its format, or the number of a word."""

    numbers: Numbers
    words: tuple[str, ...] | None
    format: str

    def at(self, position: Position) -> str:
        """Return the text shown at ``position``."""
        value = self.numbers.at(position)[()]
        return format(value, self.format) if self.words is None else self.words[value]


@dataclass(frozen=True, eq=False)
class Readout:
    """A text made of constant parts and fields."""

    parts: tuple[str | Field, ...]
    style: Text

    def at(self, position: Position) -> str:
        """Return the text shown at ``position``."""
        return "".join(part if isinstance(part, str) else part.at(position) for part in self.parts)


@dataclass(frozen=True, eq=False)
class Scene:
    """All that moves in a figure, ready to be drawn by either renderer.

    ``size`` is the figure's, in pixels.
    """

    size: tuple[float, float]
    dimensions: dict[str, NDArray[Any]]
    marks: tuple[Marks | Picture | Readout, ...]
    description: Readout

    @cached_property
    def payload(self) -> dict[str, Any]:
        """The scene as the browser reads it; equal buffers are sent once."""
        return self._encoded(_plain)

    @cached_property
    def packed(self) -> dict[str, Any]:
        """The same for a page without a kernel: small, and slower to make and to read."""
        return replace(self, marks=tuple(map(_packable, self.marks)))._encoded(pack)

    def _encoded(self, encode: Encoder) -> dict[str, Any]:
        buffers: dict[tuple[bytes, str], int] = {}

        def numbers(values: Numbers, specification: str = "") -> dict[str, Any]:
            data, packing = encode(values.array, specification)
            dtype = values.array.dtype.name
            return {
                "buffer": buffers.setdefault((data, f"{dtype} {packing}"), len(buffers)),
                "packing": packing,
                "dtype": dtype,
                "shape": list(values.array.shape),
                "over": list(values.over),
            }

        def part(piece: str | Field) -> dict[str, Any]:
            if isinstance(piece, str):
                return {"text": piece}
            return {
                "numbers": numbers(piece.numbers, piece.format),
                "words": piece.words,
                "format": piece.format,
            }

        def mark(item: Marks | Picture | Readout) -> dict[str, Any]:
            if isinstance(item, Readout):
                x, y = place(item.style, self.size)
                return {
                    "kind": "text",
                    "parts": [part(piece) for piece in item.parts],
                    "x": x,
                    "y": y,
                    "align": item.style.align,
                    "color": to_hex(item.style.color, keep_alpha=True),
                    "size": item.style.size * POINT,
                    "bold": item.style.bold,
                }
            if isinstance(item, Picture):
                return {
                    "kind": "raster",
                    "codes": numbers(item.codes),
                    "colors": item.colors,
                    "corners": item.corners,
                    "clip": axes_box(item.axes, self.size),
                }
            return {
                "kind": item.kind,
                "x": numbers(item.x),
                "y": numbers(item.y),
                "clip": axes_box(item.axes, self.size),
                "grows": item.grows,
                "colors": item.colors,
                "codes": None if item.codes is None else numbers(item.codes),
                "outline": item.outline,
                "width": item.width,
                "dots": item.dots,
            }

        marks = [mark(item) for item in self.marks]
        description = [part(piece) for piece in self.description.parts]
        return {
            "size": self.size,
            "dimensions": {name: values.tolist() for name, values in self.dimensions.items()},
            "marks": marks,
            "description": description,
            "buffers": [data for data, _ in buffers],
        }

    @property
    def n_bytes(self) -> int:
        """What the buffers take that are sent to the browser."""
        return _n_bytes(self.payload)

    @property
    def n_packed_bytes(self) -> int:
        """What they take on a page without a kernel."""
        return _n_bytes(self.packed)


def build_scene(
    figure: Figure,
    tracks: Sequence[Track],
    dimensions: Mapping[str, ArrayLike],
    description: Text,
    max_bytes: int,
) -> Scene:
    """Map ``tracks`` to the pixels of ``figure``, which has been drawn.

    Raises
    ------
    ValueError
        If a track names an unknown dimension, its arrays do not fit, or all of them together
        take more than ``max_bytes``.
    """
    if not isinstance(tracks, Iterable):
        raise TypeError(f"tracks must be a list of Line, Text and the like, got {shown(tracks)}")
    values = {name: _dimension(name, given) for name, given in dimensions.items()}
    width, height = figure.get_size_inches() * 100
    size = (float(width), float(height))

    def pack(track: Track) -> Marks | Picture | Readout:
        if isinstance(track, Text):
            return _readout(track, values)
        if isinstance(track, Raster):
            return _picture(track, values, size)
        if not isinstance(track, Track):
            raise TypeError(f"tracks must hold Line, Text and the like, got {shown(track)}")
        return _marks(track, values, size)

    marks = tuple(map(pack, tracks))
    scene = Scene(size, values, marks, _readout(description, values))
    _check_size(scene, max_bytes)
    return scene


def _plain(array: NDArray[Any], _: str) -> tuple[bytes, None]:
    return np.ascontiguousarray(array).tobytes(), None


def _n_bytes(payload: Mapping[str, Any]) -> int:
    return sum(len(buffer) for buffer in payload["buffers"])


def axes_box(axes: Axes, size: tuple[float, float]) -> list[float]:
    """Return left, top, width and height of ``axes`` in figure pixels."""
    box = axes.bbox.transformed(axes.figure.transFigure.inverted())
    width, height = size
    return [box.x0 * width, (1 - box.y1) * height, box.width * width, box.height * height]


def place(text: Text, size: tuple[float, float]) -> tuple[float, float]:
    """Return where a text stands, in figure pixels from the upper left."""
    left, top, width, height = (0.0, 0.0, *size) if text.axes is None else axes_box(text.axes, size)
    return left + text.x * width, top + (1 - text.y) * height


def _dimension(name: str, given: ArrayLike) -> NDArray[Any]:
    values = _as_array(f"dimension {name!r}", given)
    if values.ndim != 1 or len(values) == 0:
        raise ValueError(f"dimension {name!r} has shape {values.shape}: give a list of its values")
    if values.dtype.kind not in "iufU":
        raise ValueError(f"dimension {name!r} must hold numbers or words, not {values.dtype}")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise ValueError(f"dimension {name!r} has a value that is not finite")
    return values


def _as_array(name: str, given: ArrayLike) -> NDArray[Any]:
    try:
        return np.asarray(given)
    except ValueError as error:
        raise ValueError(f"{name} must be an array: {error}") from None


def _sizes(track: Track, dimensions: Mapping[str, NDArray[Any]]) -> tuple[int, ...]:
    for name in track.over:
        if name not in dimensions:
            raise ValueError(
                f"{type(track).__name__} is over {name!r}, which is no dimension of this figure: "
                f"it has {', '.join(dimensions) or 'none'}"
            )
    return tuple(len(dimensions[name]) for name in track.over)


def _marks(
    track: Line | Points | Area, dimensions: Mapping[str, NDArray[Any]], size: tuple[float, float]
) -> Marks:
    sizes, over = _sizes(track, dimensions), tuple(track.over)
    kind = type(track).__name__
    where = (track.x, track.y) if track.z is None else (track.x, track.y, track.z)
    given = [as_floats(f"{kind}: coordinates", c) for c in where]
    codes, colors = _codes_and_colors(track)
    each: list[NDArray[Any]] = [*given, *codes]
    if isinstance(track, Trail) and not over:
        raise ValueError("Trail needs a dimension to grow along: name it last in over")
    if isinstance(track, Points) and max(c.ndim for c in each) <= len(over):
        each = [c[..., None] for c in each]
    each = [np.atleast_1d(c) for c in each]
    n_points = () if isinstance(track, Trail) else (max(c.shape[-1] for c in each),)
    if not all(_fits(c.shape, (*sizes, *n_points)) for c in each):
        shapes = [str(c.shape) for c in each]
        raise ValueError(
            f"{kind}: coordinates of shapes {', '.join(shapes[: len(given)])}"
            + (f" and codes of shape {shapes[-1]}" if codes else "")
            + f" do not broadcast to the dimensions {dict(zip(over, sizes, strict=True))}"
            + ("" if isinstance(track, Trail) else " with the points as last axis")
        )
    x, y = _to_pixels(track.axes, each[: len(given)], size)
    if isinstance(track, Trail):
        x, y = _without_far_ends(x, y)
    elif isinstance(track, Points) and over and n_points == (1,):  # then trail and head are equal
        x, y = _without_far_ends(*(np.atleast_1d(c[..., 0]) for c in (x, y)))
        x, y = x[..., None], y[..., None]
    if isinstance(track, Area):
        x, y = _without_far_corners(x, y)
    x, y = _as_float32(x), _as_float32(y)
    leading = over[:-1] if isinstance(track, Trail) else over

    def numbers(array: NDArray[Any]) -> Numbers:
        return Numbers(_leading(array, len(leading) + 1), leading)

    no_edge = isinstance(track, Area) and track.outline is None
    return Marks(
        kind=kind.lower() if isinstance(track, (Points, Area)) else "line",
        x=numbers(x),
        y=numbers(y),
        axes=track.axes,
        grows=over[-1] if isinstance(track, Trail) else None,
        colors=colors,
        codes=numbers(each[-1]) if codes else None,
        outline=None if track.outline is None else to_hex(track.outline, keep_alpha=True),
        width=0.0 if no_edge else POINT * getattr(track, "width", 0.0),
        dots=POINT * (track.size if isinstance(track, Points) else getattr(track, "dots", 0.0)),
    )


def _codes_and_colors(
    track: Line | Points | Area,
) -> tuple[list[NDArray[np.uint8]], tuple[str, ...]]:
    """Return a track's codes, if it has any, and its colours."""
    if isinstance(track, Points) and track.codes is not None:
        if isinstance(track.color, str):
            raise ValueError(
                f"Points: color is {track.color!r}, but codes ask for a sequence of colours"
            )
        colors = tuple(to_hex(color, keep_alpha=True) for color in track.color)
        return [_codes("Points", track.codes, len(colors))], colors
    alpha = track.alpha if isinstance(track, Area) else None
    return [], (to_hex(to_rgba(track.color, alpha), keep_alpha=True),)  # type: ignore[arg-type]


def _codes(kind: str, given: ArrayLike, n_colors: int) -> NDArray[np.uint8]:
    codes = _as_array(f"{kind}: codes", given)
    if codes.dtype.kind not in "iu":
        raise ValueError(
            f"{kind}: codes must be whole numbers that count into the colours, not {codes.dtype}"
        )
    if codes.min(initial=0) < 0 or codes.max(initial=0) >= min(n_colors, 256):
        raise ValueError(
            f"{kind}: codes from {codes.min()} to {codes.max()} count beyond the {n_colors} "
            "colours (256 at most)"
        )
    return codes.astype(np.uint8)


def _picture(
    raster: Raster, dimensions: Mapping[str, NDArray[Any]], size: tuple[float, float]
) -> Picture:
    sizes, over, axes = _sizes(raster, dimensions), tuple(raster.over), raster.axes
    scales = (axes.get_xscale(), axes.get_yscale())
    if axes.name != "rectilinear" or scales != ("linear", "linear"):
        raise ValueError(
            f"Raster needs rectilinear axes with linear scales, not {axes.name} with "
            f"{' and '.join(scales)}: draw an Area"
        )
    codes = _codes("Raster", raster.codes, len(raster.colors))
    cells = codes.shape[-2:]
    if len(cells) < 2 or 0 in cells or not _fits(codes.shape, (*sizes, *cells)):
        raise ValueError(
            f"Raster: codes of shape {codes.shape} do not broadcast to the dimensions "
            f"{dict(zip(over, sizes, strict=True))} with rows and columns as last axes"
        )
    extent = as_floats("Raster: extent", raster.extent)
    left, right, bottom, top = extent if extent.shape == (4,) else np.full(4, np.nan)
    if not np.isfinite(extent).all() or extent.shape != (4,) or left == right or bottom == top:
        raise ValueError(f"Raster: extent must be (left, right, bottom, top), got {raster.extent}")
    (x0, x1), (y0, y1) = _to_pixels(axes, [np.array([left, right]), np.array([bottom, top])], size)
    return Picture(
        codes=Numbers(_leading(codes, len(over) + 2), over),
        colors=tuple(to_hex(to_rgba(c, raster.alpha), keep_alpha=True) for c in raster.colors),
        corners=(float(x0), float(y0), float(x1), float(y1)),
        axes=axes,
    )


def _leading(array: NDArray[Any], ndim: int) -> NDArray[Any]:
    return array.reshape((1,) * (ndim - array.ndim) + array.shape)


def _to_pixels(
    axes: Axes, given: list[NDArray[Any]], size: tuple[float, float]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Have matplotlib map data coordinates to figure pixels, whatever the scale or projection."""
    transform = axes.transData - axes.figure.transFigure
    with np.errstate(all="ignore"):
        if len(given) == 3:
            from mpl_toolkits.mplot3d import proj3d

            full = np.broadcast_arrays(*given)
            flat = [c.ravel() for c in full]
            x, y, _ = proj3d.proj_transform(*flat, axes.get_proj())  # type: ignore[attr-defined]
            x, y = np.reshape(x, full[0].shape), np.reshape(y, full[0].shape)
        else:
            x, y = given
        if axes.name != "rectilinear":
            x, y = np.broadcast_arrays(x, y)
            mapped = transform.transform(np.stack([x.ravel(), y.ravel()], axis=-1))
            x, y = mapped[:, 0].reshape(x.shape), mapped[:, 1].reshape(y.shape)
        else:  # each coordinate is mapped by itself, so what does not vary stays small
            somewhere = (axes.get_xlim()[0], axes.get_ylim()[0])
            x, y = (
                transform.transform(
                    np.stack(
                        [c.ravel() if k == side else np.full(c.size, somewhere[k]) for k in (0, 1)],
                        axis=-1,
                    )
                )[:, side].reshape(c.shape)
                for side, c in enumerate((x, y))
            )
        pixels = (x * size[0], (1 - y) * size[1])
    return pixels


def _without_far_ends(x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Cut trails that run far out of the picture, in float64, where they are still exact.

    The first point far outside moves back along its line; where two follow each other, what they
    join is left out: a diverging descent that crosses the picture for the hundredth time.
    """
    if x.shape[-1] < 2 or y.shape[-1] < 2:
        return x, y
    with np.errstate(all="ignore"):
        far = np.hypot(x, y) > FAR
        some = far.any(axis=-1)
        if not some.any():
            return x, y
        cut = np.stack(np.broadcast_arrays(x, y))
        far, before, after = far[some], cut[:, some, :-1], cut[:, some, 1:]
        step = after - before
        back = before + step * np.minimum(1, 3 * FAR / np.hypot(*step))
        first = far[..., 1:] & ~far[..., :-1]
        later = far[..., 1:] & far[..., :-1]
        cut[:, some, 1:] = np.where(first, back, np.where(later, np.nan, after))
    return cut[0], cut[1]


def _packable(mark: Marks | Picture | Readout) -> Marks | Picture | Readout:
    """Cut a straight line between far ends, which packing moves, to a square around the picture.

    Such as the line of a diverged fit: so it crosses the picture where it did.
    """
    if not isinstance(mark, Marks) or mark.kind != "line" or mark.grows is not None:
        return mark
    given = np.broadcast_arrays(mark.x.array, mark.y.array)
    if given[0].shape[-1] != 2 or not any((np.abs(c) > FAR).any() for c in given):
        return mark
    ends = np.stack(given).astype(float)
    with np.errstate(all="ignore"):
        for side in (0, 1):
            start, step = ends[..., :1], np.diff(ends)
            limit = ends[side].clip(-FAR, FAR)
            cut = start + (limit - start[side]) / step[side] * step
            cut[side] = limit
            ends = np.where(limit == ends[side], ends, cut)
    # All upright ones from below to above: what changes from step to step takes room.
    upright = (np.abs(ends[1]) == FAR).all(axis=-1, keepdims=True)
    ends = np.where(upright & (ends[1, ..., :1] > 0), ends[..., ::-1], ends)
    x, y = _as_float32(ends)
    return replace(mark, x=Numbers(x, mark.x.over), y=Numbers(y, mark.y.over))


def _without_far_corners(x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Cut polygons that reach far out of the picture to a square around it, in float64.

    One side of the square after the other (Sutherland and Hodgman, 1974).
    """
    with np.errstate(all="ignore"):
        if not (np.abs(x) > NEAR).any() and not (np.abs(y) > NEAR).any():
            return x, y
        corners = np.stack(np.broadcast_arrays(x, y))
        corners = np.where(np.isfinite(corners).all(axis=0), corners, np.nan)
        for side in (0, 1):
            for sign in (1, -1):
                corners = _cut_polygons(_compact(corners), side, sign)
        x, y = _compact(corners)
    return x, y


def _cut_polygons(after: NDArray[Any], side: int, sign: int) -> NDArray[Any]:
    """Return polygons of shape (2, ..., corners) without what lies beyond one side of a square."""
    last = np.maximum(np.count_nonzero(~np.isnan(after[0]), axis=-1, keepdims=True) - 1, 0)
    before = np.roll(after, 1, axis=-1)
    before[..., :1] = np.take_along_axis(after, np.broadcast_to(last, (2, *last.shape)), axis=-1)
    beyond_before, beyond_after = (sign * corners[side] - NEAR for corners in (before, after))
    share = beyond_before / (beyond_before - beyond_after)
    crossing = before + share * (after - before)
    crossing[side] = sign * NEAR
    crosses = (beyond_before > 0) != (beyond_after > 0)
    crossing[:, ~crosses | np.isnan(after[0])] = np.nan
    kept = np.where(beyond_after <= 0, after, np.nan)
    return np.stack([crossing, kept], axis=-1).reshape(*after.shape[:-1], -1)


def _compact(corners: NDArray[Any]) -> NDArray[Any]:
    """Move corners that are NaN behind the others, and drop those that are NaN everywhere."""
    missing = np.isnan(corners[0])
    order = np.argsort(missing, axis=-1, kind="stable")
    most = int(np.max(np.count_nonzero(~missing, axis=-1), initial=1))
    return np.take_along_axis(corners, order[None], axis=-1)[..., :most]


def _as_float32(pixels: NDArray[Any]) -> NDArray[np.float32]:
    return np.where(np.abs(pixels) <= LARGEST, pixels, np.nan).astype(np.float32)


def _readout(text: Text, dimensions: Mapping[str, NDArray[Any]]) -> Readout:
    sizes = _sizes(text, dimensions)
    parts: list[str | Field] = []
    for literal, name, specification, conversion in _parsed(text.template):
        if literal:
            parts.append(literal)
        if name is None:
            continue
        if conversion:
            raise ValueError(f"the field {name!r} of {text.template!r} cannot take !{conversion}")
        if name in text.values:
            over, values = tuple(text.over), _as_array(f"values[{name!r}]", text.values[name])
            if not _fits(values.shape, sizes):
                raise ValueError(
                    f"values[{name!r}] has shape {values.shape}, which does not broadcast to the "
                    f"dimensions {dict(zip(over, sizes, strict=True))}"
                )
            values = _leading(values, len(over))
        elif name in dimensions:
            over, values = (name,), dimensions[name]
        else:
            raise ValueError(
                f"the template {text.template!r} has a field {name!r} that is neither in values "
                f"nor a dimension ({', '.join(dimensions)})"
            )
        words = text.words.get(name)
        if values.dtype.kind == "U":
            words, values = values.ravel().tolist(), np.arange(values.size).reshape(values.shape)
        parts.append(_field(name, values, over, words, specification or ""))
    return Readout(tuple(parts), text)


def _parsed(template: str) -> list[tuple[str, str | None, str | None, str | None]]:
    try:
        return list(Formatter().parse(template))
    except ValueError as error:
        raise ValueError(f"the template {template!r} cannot be read: {error}") from None


def _field(
    name: str,
    values: NDArray[Any],
    over: tuple[str, ...],
    words: Sequence[str] | None,
    specification: str,
) -> Field:
    kind = values.dtype.kind
    if kind not in "iuf" or (words is not None and kind == "f"):
        raise ValueError(
            f"the field {name!r} holds {values.dtype}: pass numbers, or whole numbers that count "
            "into words[...]"
        )
    if not (PRECISION.fullmatch(specification) if kind == "f" else specification == ""):
        raise ValueError(
            f"the field {name!r} is formatted as {specification!r}: numbers with decimals need a "
            "precision such as .3g, whole numbers and words none"
        )
    if words is None:
        dtype: type = np.float64 if kind == "f" else np.int32
        if kind != "f" and (values.astype(dtype) != values).any():
            raise ValueError(f"the field {name!r} holds numbers beyond 32 bits: pass them as words")
        return Field(Numbers(values.astype(dtype), over), None, specification)
    if values.min(initial=0) < 0 or values.max(initial=0) >= min(len(words), 256):
        raise ValueError(f"the field {name!r} counts beyond its {len(words)} words (256 at most)")
    return Field(Numbers(values.astype(np.uint8), over), tuple(map(str, words)), "")


def _fits(shape: tuple[int, ...], full: tuple[int, ...]) -> bool:
    """Tell whether an array of ``shape`` broadcasts to ``full``, and not the other way about."""
    try:
        return np.broadcast_shapes(shape, full) == full
    except ValueError:
        return False


def _check_size(scene: Scene, max_bytes: int) -> None:
    total = scene.n_bytes
    if total <= max_bytes:
        return
    advice = "draw fewer points or cells"
    if scene.dimensions:
        name, values = max(scene.dimensions.items(), key=lambda item: len(item[1]))
        advice = (
            f"thin out {name!r}, which has {len(values)} values "
            f"(one in {-(-total // max_bytes)} would do)"
        )
    raise ValueError(
        f"this figure's tracks take {total / 1e6:.1f} MB, more than max_bytes = "
        f"{max_bytes / 1e6:.1f} MB: {advice}"
    )
