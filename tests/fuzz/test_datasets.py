"""Bad input to the datasets: data that hold what was given, or an error that names the argument.

Never a traceback from inside NumPy, a warning (pytest makes them errors), or values that nobody
gave: what is accepted is compared with an independent reading.
"""

import csv

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from strategies import REFUSED, Unreadable, answers, anything, arrays, fuzz, scalars

import gdviz as gd
from gdviz.datasets import LARGEST

PENGUINS = gd.datasets.penguins(target="species")
NAMES = ["<b>mass</b>", "$x^2$", "two\nlines", "", " ", "0", "ä", "\u202e", "a\tb"]


def holds(data: gd.Dataset) -> None:
    """Assert what every dataset promises."""
    assert data.X.dtype == np.float64
    assert data.X.ndim == 2
    assert data.X.size > 0
    assert np.isfinite(data.X).all()
    assert len(data.y) == len(data.X)
    assert data.y.dtype.kind in "Uiubf"
    assert data.y.dtype.kind != "f" or np.isfinite(data.y).all()
    assert len(data.feature_names) == data.X.shape[1]
    assert isinstance(data.target_name, str)


@fuzz(150)
@given(X=anything(), y=anything())
def test_data(X, y):
    data = answers(lambda: gd.Dataset(X, y), "X", "y")
    if data is not REFUSED:
        holds(data)
        given = np.asarray(X, dtype=np.float64)
        np.testing.assert_array_equal(data.X, given.reshape(len(data.X), -1))


@fuzz(100)
@given(n_samples=st.integers(1, 4), data=st.data())
def test_data_of_fitting_shapes(n_samples, data):
    X = data.draw(arrays(st.tuples(st.just(n_samples), st.integers(1, 3))))
    y = data.draw(arrays(st.sampled_from([(n_samples,), (n_samples, 2)])))
    dataset = answers(lambda: gd.Dataset(X, y), "X", "y")
    if dataset is REFUSED:
        return
    holds(dataset)
    scaled = answers(dataset.standardized, *dataset.feature_names, dataset.target_name)
    if scaled is not REFUSED:
        holds(scaled)
        np.testing.assert_allclose(scaled.X.mean(axis=0), 0, atol=1e-12)
        np.testing.assert_allclose(scaled.X.std(axis=0), 1, rtol=1e-12)
        order = np.argsort(dataset.X, axis=0, kind="stable")
        assert (np.diff(np.take_along_axis(scaled.X, order, axis=0), axis=0) >= 0).all()


@fuzz(60)
@given(feature_names=anything() | st.lists(st.sampled_from(NAMES)), target_name=st.text())
def test_names(feature_names, target_name):
    def make():
        return gd.Dataset(
            [[1, 2], [3, 4]], [1, 2], feature_names=feature_names, target_name=target_name
        )

    data = answers(make, "feature_names")
    if data is not REFUSED:
        holds(data)
        assert data.target_name == target_name
        if isinstance(feature_names, list):
            assert data.feature_names == tuple(map(str, feature_names))


@fuzz(60)
@given(labels=st.lists(anything() | st.sampled_from(["Adelie", "Gentoo"]), max_size=2))
def test_some_labels_only(labels):
    data = answers(lambda: PENGUINS.only(*labels), "labels")
    if data is not REFUSED:
        assert set(data.y) == set(labels)
        np.testing.assert_array_equal(data.X, PENGUINS.X[np.isin(PENGUINS.y, labels)])


@fuzz(30)
@given(target=anything())
def test_whether_the_target_is_standardized(target):
    data = answers(lambda: PENGUINS.standardized(target=target), "target")
    assert (data is not REFUSED) == (target is None or target is False)


LINE = {"n_samples": 5, "slope": 2.0, "intercept": 1.0, "noise": 0.5, "seed": 0}
BLOBS = {"n_samples": 5, "n_classes": 3, "spread": 0.5, "seed": 0}


@fuzz(100)
@given(argument=st.sampled_from(sorted(LINE)), value=scalars() | anything())
def test_a_line(argument, value):
    data = answers(lambda: gd.datasets.line(**{**LINE, argument: value}), argument)
    if data is not REFUSED:
        holds(data)
        if argument in ("slope", "intercept", "noise"):
            number = float(np.asarray(value))
            assert abs(number) <= LARGEST
            known = {**LINE, argument: number}
            noise = gd.datasets.line(**{**LINE, "slope": 0, "intercept": 0, "noise": 1}).y
            wanted = known["slope"] * data.X[:, 0] + known["intercept"] + known["noise"] * noise
            np.testing.assert_allclose(data.y, wanted, rtol=1e-12, atol=1e-12)


@fuzz(100)
@given(argument=st.sampled_from(sorted(BLOBS)), value=scalars() | anything())
def test_blobs(argument, value):
    data = answers(lambda: gd.datasets.blobs(**{**BLOBS, argument: value}), argument, "n_classes")
    if data is not REFUSED:
        holds(data)
        known = {**BLOBS, argument: value}
        assert len(data.X) == known["n_samples"]
        assert len(np.unique(data.y)) == min(known["n_samples"], known["n_classes"])


# --- CSV ------------------------------------------------------------------------------------------

CELLS = ["1", "-2.5", "1e400", "1_000", "0x10", "NaN", "?", "=1+1", "1,5", "1;5", " 3 ", '"', "'"]
CELLS += [
    "x",
    "<b>",
    "$x$",
    "\ufeff",
    "\x00",
    "٣",
    "½",
    "+7",
    "inf",
    "",
    "two\nlines",
    200_000 * "a",
]


def assert_same_cells(data, rows, features, target):
    """Compare with the rows, read by Python's float alone."""
    header, *body = rows
    body = [row for row in body if row]
    for column, values in zip(features, data.X.T, strict=True):
        np.testing.assert_array_equal(values, [float(row[header.index(column)]) for row in body])
    cells = [row[header.index(target)].strip() for row in body]
    np.testing.assert_array_equal(
        data.y, cells if data.y.dtype.kind == "U" else list(map(float, cells))
    )


@fuzz(150)
@given(
    rows=st.integers(1, 3).flatmap(
        lambda width: st.lists(
            st.lists(st.sampled_from(CELLS[:4] + CELLS), min_size=width, max_size=width), max_size=4
        )
    ),
    header=st.permutations(["x", "<b>y</b>", "z z"]),
    separator=st.sampled_from(",;\t"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"]),
)
def test_tables(tmp_path_factory, rows, header, separator, quoting, end, encoding):
    path = tmp_path_factory.mktemp("csv") / "table.csv"
    rows = [header[: len(rows[0]) if rows else 2], *rows]
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=separator, quoting=quoting, lineterminator=end)
        writer.writerows(rows)
    data = answers(lambda: gd.read_csv(path), "table")
    if data is not REFUSED:
        holds(data)
        assert encoding in ("utf-8", "utf-8-sig")
        assert_same_cells(data, rows, list(data.feature_names), data.target_name)


@fuzz(100)
@given(content=st.binary(max_size=60) | st.text(alphabet='xy,;"\n\r\t 1.5\x00é').map(str.encode))
def test_files_of_anything(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("csv") / "table.csv"
    path.write_bytes(content)
    data = answers(lambda: gd.read_csv(path), "table")
    if data is not REFUSED:
        holds(data)


@fuzz(60)
@given(argument=st.sampled_from(["features", "target", "missing"]), value=anything())
def test_choices_of_columns(tmp_path_factory, argument, value):
    path = tmp_path_factory.mktemp("csv") / "table.csv"
    path.write_text("x,y\n1,2\n3,4\n")
    data = answers(lambda: gd.read_csv(path, **{argument: value}), argument, "column", "feature")
    assert (data is not REFUSED) == (value is None and argument != "missing")


@fuzz(60)
@given(path=anything().filter(lambda value: not isinstance(value, str)) | st.just("a\0b"))
def test_paths(path):
    assert answers(lambda: gd.read_csv(path), "path") is REFUSED


@fuzz(40)
@given(argument=st.sampled_from(["features", "target"]), value=anything())
def test_penguins(argument, value):
    data = answers(lambda: gd.datasets.penguins(**{argument: value}), argument, "column", "feature")
    if data is not REFUSED:
        holds(data)
        assert value is None


def test_what_cannot_be_read_is_refused_by_name():
    assert answers(lambda: gd.Dataset(Unreadable(), [1]), "X") is REFUSED
    assert answers(lambda: gd.Dataset([1], Unreadable()), "y") is REFUSED
