"""Data to learn from: the Palmer penguins, seeded toy data, a student's own CSV file or arrays.

``data/penguins.csv`` holds size measurements of 344 penguins, collected by Dr. Kristen Gorman and
the Palmer Station LTER, published by Allison Horst, Alison Hill and Kristen Gorman as R package
`palmerpenguins` (https://allisonhorst.github.io/palmerpenguins/) under CC0 1.0. Reference:
Gorman, Williams and Fraser (2014), PLoS ONE 9(3): e90081.
"""

import csv
import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import chain, islice
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gdviz.arguments import (
    as_floats,
    as_generator,
    as_number,
    as_whole,
    check_size,
    counted,
    shown,
)

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})
ROWS_AT_ONCE = 50_000
LARGEST = 1e100
"""What toy data are made of stays below it, so that they can be computed with."""

Names = str | Sequence[str]


class Dataset:
    """Samples as rows: what the models learn from, and the names that the axes show.

    Parameters
    ----------
    X : array_like of shape (n_samples, n_features) or (n_samples,)
        Features, finite numbers.
    y : array_like of shape (n_samples,) or (n_samples, n_outputs)
        Targets, finite numbers; or labels (text) of shape (n_samples,).
    feature_names : sequence of str, optional
        One name for each feature, with its unit. Default x, or x1, x2, ...
    target_name : str
        The name of y, with its unit.

    Raises
    ------
    ValueError
        If a value is missing or not finite, or shapes or names do not fit each other.
    """

    def __init__(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        feature_names: Names | None = None,
        target_name: str = "y",
    ) -> None:
        features, targets = as_finite("X", X), _as_targets(y)
        if features.ndim == 1:
            features = features[:, None]
        if features.ndim != 2 or 0 in features.shape:
            raise ValueError(
                f"X has shape {features.shape}, but must be (n_samples, n_features) with at "
                "least one of each: a row per sample, a column per feature"
            )
        if targets.ndim not in (1, 2) or len(targets) != len(features):
            raise ValueError(
                f"X has shape {features.shape} and y has shape {targets.shape}: y needs one row "
                f"for each of the {len(features)} samples"
            )
        if targets.ndim == 2 and targets.shape[1] == 0:
            raise ValueError("y has no columns: pass at least one target")
        names = _as_names(feature_names, features.shape[1])
        self.X: NDArray[np.float64] = features
        self.y: NDArray[Any] = targets
        self.feature_names: tuple[str, ...] = names
        self.target_name = str(target_name)

    def __repr__(self) -> str:
        features = ", ".join(self.feature_names)
        return f"Dataset({counted(len(self.X), 'sample')}: {features} -> {self.target_name})"

    def only(self, *labels: Any) -> "Dataset":
        """Return the samples with one of these labels: ``only("Adelie", "Gentoo")``.

        Raises
        ------
        ValueError
            If no label is given, or one that no sample has.
        """
        known = np.unique(self.y).tolist()
        if (
            self.y.ndim != 1
            or not labels
            or not all(isinstance(label, Hashable) and label in known for label in labels)
        ):
            some = ", ".join(map(repr, known[:10])) + (", ..." if len(known) > 10 else "")
            raise ValueError(f"labels must be among those of y, {some}: got {shown(labels)}")
        kept = np.isin(self.y, labels)
        return Dataset(
            self.X[kept],
            self.y[kept],
            feature_names=self.feature_names,
            target_name=self.target_name,
        )

    def standardized(self, *, target: bool | None = None) -> "Dataset":
        """Return a copy whose columns have mean 0 and standard deviation 1.

        Parameters
        ----------
        target : bool, optional
            Whether to rescale y too. Default: where it holds measurements (floats), not labels
            (text, whole numbers).

        Raises
        ------
        ValueError
            If a column is constant: no scale makes its deviation 1. If y holds labels, and
            ``target=True``.
        """
        if not (target is None or isinstance(target, bool)):
            raise ValueError(f"target must be True, False or None, got {shown(target)}")
        X = _standardize(self.X, self.feature_names)
        y, target_name = self.y, self.target_name
        if y.dtype.kind == "f" if target is None else target:
            if y.dtype.kind == "U":
                raise ValueError(f"{target_name!r} holds labels: only numbers can be rescaled")
            columns = y.reshape(len(y), -1).astype(np.float64)
            y = _standardize(columns, [target_name] * columns.shape[1]).reshape(y.shape)
            target_name = _without_unit(target_name)
        return Dataset(
            X,
            y,
            feature_names=[_without_unit(name) for name in self.feature_names],
            target_name=target_name,
        )


def penguins(features: Names = "flipper_length_mm", target: str = "body_mass_g") -> Dataset:
    """Return the Palmer penguins for which all the named columns were measured.

    Parameters
    ----------
    features : str or sequence of str
        Among bill_length_mm, bill_depth_mm, flipper_length_mm, body_mass_g, year.
    target : str
        One of those, or the label species, island or sex.

    Examples
    --------
    >>> penguins()
    Dataset(342 samples: flipper length (mm) -> body mass (g))
    """
    path = Path(__file__).parent / "data" / "penguins.csv"
    data = read_csv(path, features=features, target=target, missing="drop")
    names = [_with_unit(name) for name in data.feature_names]
    return Dataset(data.X, data.y, feature_names=names, target_name=_with_unit(data.target_name))


def _with_unit(column: str) -> str:
    """Return a penguins column's name as an axis shows it: flipper length (mm)."""
    words = column.split("_")
    return f"{' '.join(words[:-1])} ({words[-1]})" if words[-1] in ("mm", "g") else column


def line(
    n_samples: int = 30,
    *,
    slope: float = 2.0,
    intercept: float = 1.0,
    noise: float = 0.5,
    seed: int = 0,
) -> Dataset:
    """Return points scattered with deviation ``noise`` about y = slope · x + intercept."""
    count = _as_count(n_samples, 1)
    slope, intercept = _as_moderate("slope", slope), _as_moderate("intercept", intercept)
    noise, rng = _as_moderate("noise", noise, least=0), as_generator("seed", seed)
    x = rng.uniform(-2, 2, count)
    return Dataset(x, slope * x + intercept + rng.normal(0, noise, count))


def blobs(
    n_samples: int = 90, *, n_classes: int = 3, spread: float = 0.6, seed: int = 0
) -> Dataset:
    """Return 2-D clouds about centres evenly spaced on a circle of radius 2, labelled 0, 1, ...

    ``spread`` is the standard deviation of each cloud; classes differ in size by at most one.
    """
    count = _as_count(n_samples, 2)
    n_classes = as_whole("n_classes", n_classes, least=1, most=count)
    spread, rng = _as_moderate("spread", spread, least=0), as_generator("seed", seed)
    labels = np.arange(count) % n_classes
    angles = 2 * np.pi * labels / n_classes
    centres = 2 * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    return Dataset(centres + rng.normal(0, spread, (count, 2)), labels, target_name="class")


def _as_count(n_samples: int, n_features: int) -> int:
    count = as_whole("n_samples", n_samples, least=1)
    check_size("n_samples", (count, n_features))
    return count


def _as_moderate(name: str, value: float, least: float = -LARGEST) -> float:
    number = as_number(name, value)
    if not least <= number <= LARGEST:
        raise ValueError(f"{name} must lie between {least:g} and {LARGEST:g}, got {shown(value)}")
    return number + 0.0  # NumPy takes a deviation of -0.0 for a negative one


def read_csv(
    path: str | PathLike[str],
    *,
    features: Names | None = None,
    target: str | None = None,
    missing: Literal["error", "drop"] = "error",
) -> Dataset:
    """Read a CSV file that has a header line.

    Parameters
    ----------
    path : str or path
        UTF-8 text, columns separated by comma, semicolon or tab (whichever the header shows).
    features : str or sequence of str, optional
        Columns of numbers. Default: all but the target.
    target : str, optional
        A column of numbers or of labels. Default: the last one.
    missing : {"error", "drop"}
        What to do with a line that lacks a value (empty, NA, NaN, null, ?) in a used column.

    Raises
    ------
    ValueError
        Naming the column and the line, and what to do about it.
    """
    if not isinstance(missing, str) or missing not in ("error", "drop"):
        raise ValueError(f"missing must be 'error' or 'drop', not {shown(missing)}")
    if not (target is None or isinstance(target, str)):
        raise ValueError(f"target must be the name of a column, got {shown(target)}")
    if not isinstance(path, (str, PathLike)) or "\0" in str(path):
        raise ValueError(f"path must be the name of a file, got {shown(path)}")
    path = Path(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _read(file, path.name, features, target, missing)
    except UnicodeDecodeError:
        raise ValueError(
            f"{path.name}, line {_undecodable_line(path)}, is not UTF-8 text: save the file as "
            "'CSV UTF-8'"
        ) from None


Row = tuple[int, list[str]]
"""The number of the line in the file where a row begins, and the row's cells."""


def _read(
    file: Iterable[str], name: str, features: Names | None, target: str | None, missing: str
) -> Dataset:
    lines = iter(file)
    first = next(lines, "")
    if "\0" in first:
        raise ValueError(f"{name} holds null characters, as UTF-16 does: save it as 'CSV UTF-8'")
    outside_quotes = "".join(first.split('"')[::2])
    delimiter = max(",;\t", key=outside_quotes.count)
    records = _records(csv.reader(chain([first], lines), delimiter=delimiter, strict=True), name)
    header = [cell.strip() for cell in next(records, (1, []))[1]]
    if not any(header):
        raise ValueError(f"{name} is empty: its first line must name the columns")
    named = [column for column in header if column]
    if len(set(named)) < len(named):
        twice = next(column for column in named if named.count(column) > 1)
        raise ValueError(f"{name}: two columns are named {twice!r}: rename one")
    if len(named) < len(header) and (features is None or target is None):
        raise ValueError(
            f"{name}: column {header.index('') + 1} has no name: name it in the first line, or "
            "choose columns with features=[...] and target=..."
        )
    target = header[-1] if target is None else target
    if features is None:
        features = [column for column in header if column != target]
    features = _as_list("features", features)
    if not features:
        raise ValueError(
            f"{name} leaves no feature beside the target {target!r}: it needs two columns or more, "
            "separated by comma, semicolon or tab"
        )
    for column in [*features, target]:
        if not isinstance(column, str) or column not in header:
            raise ValueError(f"{name} has no column {shown(column)}: it has {', '.join(named)}")

    used = [header.index(column) for column in [*features, target]]
    rows = _complete(records, name, used, header, missing)
    blocks: list[NDArray[np.float64]] = []
    targets: list[NDArray[Any]] = []
    labels: bool | None = None
    while block := list(islice(rows, ROWS_AT_ONCE)):
        if labels is None:
            labels = not _is_number(block[0][1][-1])
        columns = [[cells[k] for _, cells in block] for k in range(len(used))]
        numbers = [
            _numbers(name, column, cells, block)
            for column, cells in zip(features, columns[:-1], strict=True)
        ]
        blocks.append(np.stack(numbers, axis=-1))
        read = _labels if labels else _numbers
        targets.append(read(name, target, columns[-1], block))
    if not blocks:
        raise ValueError(
            f"{name} has no line of data with a value in each of "
            f"{', '.join([*features, target])}: add lines or choose other columns"
        )
    return Dataset(
        np.concatenate(blocks),
        np.concatenate(targets),
        feature_names=features,
        target_name=target,
    )


def _records(reader: Any, name: str) -> Iterator[Row]:
    """Yield the rows that are not blank."""
    line = 1
    try:
        for cells in reader:
            if cells:
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(
            f"{name}, line {line}: {error}: check the quotation marks from this line on"
        ) from None


def _complete(
    records: Iterator[Row], name: str, used: list[int], header: list[str], missing: str
) -> Iterator[Row]:
    """Yield the used cells of the rows that lack none of them."""
    for line, cells in records:
        if len(cells) != len(header):
            advice = (
                "fill in what is missing"
                if len(cells) < len(header)
                else "quote cells that contain the separator"
            )
            raise ValueError(
                f"{name}, line {line}: {len(cells)} cells, but the header names {len(header)} "
                f"columns: {advice}"
            )
        values = [cells[k].strip() for k in used]
        if MISSING.isdisjoint(map(str.lower, values)):
            yield line, values
        elif missing == "error":
            lacking = next(k for k, value in enumerate(values) if value.lower() in MISSING)
            raise ValueError(
                f"{name}, line {line}, column {header[used[lacking]]!r}: no value: fill it in, or "
                "pass missing='drop' to leave out such lines"
            )


def _undecodable_line(path: Path) -> int:
    """Return the number of the first line that is not UTF-8."""
    with path.open("rb") as file:
        return next(line for line, text in enumerate(file, start=1) if not _is_utf8(text))


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _numbers(name: str, column: str, cells: list[str], block: list[Row]) -> NDArray[np.float64]:
    try:
        numbers = np.array(cells, dtype=np.float64)
    except ValueError:
        numbers = np.array([float(cell) if _is_number(cell) else np.nan for cell in cells])
    bad = np.flatnonzero(~np.isfinite(numbers))
    if len(bad):
        raise ValueError(
            f"{name}, line {block[bad[0]][0]}, column {column!r}: {cells[bad[0]]!r} is not a "
            "finite number: correct it (decimal point, no unit), or choose other columns with "
            "features=[...] and target=..."
        )
    return numbers


def _labels(name: str, column: str, cells: list[str], block: list[Row]) -> NDArray[np.str_]:
    numbers = {cell for cell in set(cells) if _is_number(cell)}
    if numbers:
        k = next(k for k, cell in enumerate(cells) if cell in numbers)
        raise ValueError(
            f"{name}, line {block[k][0]}, column {column!r}: {cells[k]!r} is a number, but the "
            "first line of data holds text: write labels in every line, or numbers in every line"
        )
    return np.array(cells)


def as_finite(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """Return ``values`` as float64, or say which of them are missing or infinite."""
    numbers = as_floats(name, values)
    bad = np.argwhere(~np.isfinite(numbers))
    if len(bad):
        place = ", ".join(map(str, bad[0]))
        raise ValueError(
            f"{name}[{place}] is {numbers[tuple(bad[0])]}, the first of {len(bad)} values that "
            "are missing or infinite: drop those samples or fill them in"
        )
    return numbers


def _as_targets(values: ArrayLike) -> NDArray[Any]:
    """Return a copy: labels (text, whole numbers) as they are, everything else as float64."""
    try:
        # What is masked is missing, which labels have no value for.
        array = as_floats("y", values) if np.ma.isMaskedArray(values) else np.array(values)
    except Exception as error:  # whatever a foreign object does when it is read
        raise ValueError(f"y must be an array: {error}") from None
    if array.dtype == object and all(isinstance(value, str) for value in array.flat):
        array = array.astype(np.str_)
    return array if array.dtype.kind in "Uiub" else as_finite("y", array)


def _as_names(names: Names | None, count: int) -> tuple[str, ...]:
    if names is None:
        return ("x",) if count == 1 else tuple(f"x{k}" for k in range(1, count + 1))
    names = tuple(map(str, _as_list("feature_names", names)))
    if len(names) != count:
        raise ValueError(f"feature_names has {len(names)} names, but X has {count} features")
    return names


def _as_list(argument: str, names: Names) -> list[str]:
    """Return one name or several as a list."""
    if isinstance(names, str):
        return [names]
    try:
        if isinstance(names, bytes) or np.ndim(names) != 1:
            raise TypeError
        return list(names)
    except Exception:  # whatever a foreign object does when it is read
        raise ValueError(
            f"{argument} must be a name or a list of names, got {shown(names)}"
        ) from None


def _without_unit(name: str) -> str:
    """Return the name of a standardized column: its unit is gone, its deviation is the unit."""
    return re.sub(r" \([^()]*\)$", "", name) + ", standardized"


def _standardize(columns: NDArray[np.float64], names: Sequence[str]) -> NDArray[np.float64]:
    # Powers of two rescale exactly, and then no difference leaves float's range.
    columns = np.ldexp(columns, -np.frexp(np.abs(columns).max(axis=0))[1])
    width = np.ptp(columns, axis=0)
    constant = np.flatnonzero(width == 0)
    if len(constant):
        raise ValueError(
            f"{names[constant[0]]!r} is the same in every sample, so it has no scale: "
            "leave it out, or add samples in which it differs"
        )
    # Within [0, 1] neither a far-off zero costs digits nor does a square leave float's range.
    columns = (columns - columns.min(axis=0)) / width
    return np.asarray((columns - columns.mean(axis=0)) / columns.std(axis=0))
