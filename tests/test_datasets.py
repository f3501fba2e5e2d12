"""Data arrive whole and in order, or an error says which line and column to mend, and how."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gdviz.datasets import ROWS_AT_ONCE, Dataset, blobs, line, penguins, read_csv


@pytest.fixture
def csv_file(tmp_path):
    """Write text or bytes to ``data.csv`` and return its path."""

    def write(content: str | bytes) -> Path:
        path = tmp_path / "data.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def message(path: Path, **options) -> str:
    """Return what ``read_csv`` says when it refuses a file."""
    with pytest.raises(ValueError) as error:  # noqa: PT011 (every caller checks the words)
        read_csv(path, **options)
    return str(error.value)


# --- penguins -----------------------------------------------------------------------------------


def test_penguins_hold_the_values_of_the_file():
    data = penguins()
    assert data.X.shape == (342, 1)
    assert data.y.shape == (342,)
    # The fourth penguin was not measured, so the fifth follows the third.
    np.testing.assert_array_equal(data.X[:4, 0], [181, 186, 195, 193])
    np.testing.assert_array_equal(data.y[:4], [3750, 3800, 3250, 3450])
    assert (data.X[-1, 0], data.y[-1]) == (198, 3775)
    assert data.feature_names == ("flipper length (mm)",)
    assert data.target_name == "body mass (g)"


def test_penguins_with_other_columns_and_labels():
    data = penguins(features=["bill_length_mm", "bill_depth_mm"], target="species")
    assert data.X.shape == (342, 2)
    np.testing.assert_array_equal(data.X[0], [39.1, 18.7])
    names, counts = np.unique(data.y, return_counts=True)
    assert dict(zip(names, counts, strict=True)) == {"Adelie": 151, "Chinstrap": 68, "Gentoo": 123}


def test_penguins_without_a_sex_are_left_out_only_where_it_is_used():
    assert len(penguins(target="sex").y) == 333
    assert len(penguins("year", target="island").y) == 344


def test_penguins_name_the_columns_when_one_is_unknown():
    with pytest.raises(ValueError, match=r"no column 'wingspan': it has species, .*, year"):
        penguins("wingspan")


# --- Dataset ------------------------------------------------------------------------------------


def test_dataset_keeps_samples_as_rows():
    data = Dataset([1, 2, 3], [4.0, 5.0, 6.0])
    np.testing.assert_array_equal(data.X, [[1], [2], [3]])
    assert data.X.dtype == np.float64
    np.testing.assert_array_equal(data.y, [4, 5, 6])
    assert data.feature_names == ("x",)
    assert Dataset([[1, 2]], [3]).feature_names == ("x1", "x2")
    assert Dataset([[1]], [[2, 3]]).y.shape == (1, 2)


def test_only_some_labels():
    whole = penguins(["bill_length_mm", "body_mass_g"], "species")
    two = whole.only("Adelie", "Gentoo")
    kept = whole.y != "Chinstrap"
    np.testing.assert_array_equal(two.X, whole.X[kept])
    np.testing.assert_array_equal(two.y, whole.y[kept])
    assert two.feature_names == whole.feature_names
    assert two.target_name == "species"
    numbers = Dataset([1.0, 2.0, 3.0], [7, 8, 7]).only(7)
    np.testing.assert_array_equal(numbers.X[:, 0], [1, 3])


@pytest.mark.parametrize("labels", [(), ("Emperor",), ("Adelie", "gentoo"), (["Adelie"],)])
def test_only_labels_that_there_are(labels):
    words = "labels must be among those of y, 'Adelie', 'Chinstrap', 'Gentoo': got"
    with pytest.raises(ValueError, match=words):
        penguins(target="species").only(*labels)


def test_dataset_repr_is_stable():
    data = Dataset(
        [[1, 2], [3, 4]], [5, 6], feature_names=["width / m", "age"], target_name="m / kg"
    )
    assert repr(data) == "Dataset(2 samples: width / m, age -> m / kg)"
    assert repr(penguins()) == "Dataset(342 samples: flipper length (mm) -> body mass (g))"


@pytest.mark.parametrize("y", [[1.5, 2.5], [1, 2], ["a", "b"]])
def test_dataset_is_a_copy(y):
    X, y = np.array([[1.0], [2.0]]), np.array(y)
    data = Dataset(X, y)
    before = data.y[0]
    X[:], y[0] = 7, y[1]
    np.testing.assert_array_equal(data.X, [[1], [2]])
    assert data.y[0] == before


def test_labels_stay_as_they_are():
    assert Dataset([1, 2], ["a", "bc"]).y.tolist() == ["a", "bc"]
    assert Dataset([1, 2], np.array(["a", "bc"], dtype=object)).y.dtype.kind == "U"
    assert Dataset([1, 2], [0, 1]).y.dtype.kind == "i"
    assert Dataset([1, 2], [True, False]).y.dtype.kind == "b"


@pytest.mark.parametrize(
    ("X", "y", "words"),
    [
        ([1, 2, 3], [1, 2], r"X has shape \(3, 1\) and y has shape \(2,\): .* each of the 3"),
        ([], [], r"X has shape \(0, 1\), but must be \(n_samples, n_features\)"),
        ([[], []], [1, 2], r"X has shape \(2, 0\), but must be"),
        (1.0, 2.0, r"X has shape \(\), but must be"),
        (np.zeros((2, 2, 2)), [1, 2], r"X has shape \(2, 2, 2\), but must be"),
        ([1, 2], np.zeros((2, 0)), "y has no columns: pass at least one"),
        ([1, 2], np.zeros((2, 1, 1)), r"y has shape \(2, 1, 1\): y needs one row"),
        ([1, np.nan, np.nan], [1, 2, 3], r"X\[1\] is nan, the first of 2 values"),
        ([[1, 2], [3, np.inf]], [1, 2], r"X\[1, 1\] is inf, .*drop those samples or fill them in"),
        ([1, 2], [1, -np.inf], r"y\[1\] is -inf"),
        ([1, 2], [1, None], r"y\[1\] is nan, the first of 1 values that are missing"),
        (["a", "b"], [1, 2], "X must be an array of real numbers: could not convert"),
        ([1j, 2], [1, 2], "X must be an array of real numbers: complex"),
        ([10**400, 2], [1, 2], "X must be an array of real numbers: int too large"),
        ([[1], [1, 2]], [1, 2], "X must be an array of real numbers: .*inhomogeneous"),
        ([1, 2], [[1], [1, 2]], "y must be an array: .*inhomogeneous"),
        ([1, 2], np.array(["a", None], dtype=object), "y must be an array of real numbers"),
    ],
)
def test_dataset_refuses_what_it_cannot_hold(X, y, words):
    with pytest.raises(ValueError, match=words):
        Dataset(X, y)


def test_dataset_refuses_names_that_do_not_fit():
    with pytest.raises(ValueError, match="feature_names has 1 names, but X has 2 features"):
        Dataset([[1, 2]], [3], feature_names="width")


# --- standardized -------------------------------------------------------------------------------


@settings(deadline=None)
@given(
    columns=hnp.arrays(
        np.float64,
        st.tuples(st.integers(2, 30), st.integers(1, 3)),
        elements=st.floats(-1, 1, width=16),
    ),
    scale=st.sampled_from([1e-200, 1e-6, 1.0, 1e6, 1e200]),
    offset=st.sampled_from([0.0, 1.0, -1e3]),
)
def test_standardized_columns_have_mean_0_and_deviation_1(columns, scale, offset):
    X = scale * (columns + offset)
    data = Dataset(X, np.arange(float(len(X))))
    if (np.ptp(X, axis=0) == 0).any():
        with pytest.raises(ValueError, match="is the same in every sample"):
            data.standardized()
        return
    standardized = data.standardized()
    for values in (standardized.X, standardized.y):
        np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-13)
        np.testing.assert_allclose(values.std(axis=0), 1, rtol=1e-13)
    for column, values in zip(X.T, standardized.X.T, strict=True):
        assert np.all(np.diff(values[np.argsort(column)]) >= 0)


def test_standardized_penguins():
    data = penguins().standardized()
    x, y = penguins().X, penguins().y
    np.testing.assert_allclose(data.X, (x - x.mean()) / x.std(), rtol=1e-12)
    np.testing.assert_allclose(data.y, (y - y.mean()) / y.std(), rtol=1e-11, atol=1e-14)
    assert repr(data) == (
        "Dataset(342 samples: flipper length, standardized -> body mass, standardized)"
    )


def test_standardized_leaves_its_source_alone():
    data = Dataset([1.0, 3.0], [1.0, 2.0])
    data.standardized()
    np.testing.assert_array_equal(data.X, [[1], [3]])
    assert data.target_name == "y"


def test_standardized_target_is_rescaled_where_it_measures():
    X = [0.0, 1.0]
    assert Dataset(X, [3.0, 5.0]).standardized().y.tolist() == [-1, 1]
    assert Dataset(X, [3, 5]).standardized().y.tolist() == [3, 5]
    assert Dataset(X, [3.0, 5.0]).standardized(target=False).y.tolist() == [3, 5]
    assert Dataset(X, [3, 5]).standardized(target=True).y.tolist() == [-1, 1]
    assert Dataset(X, [False, True]).standardized(target=True).y.tolist() == [-1, 1]
    assert Dataset(X, ["a", "b"]).standardized().y.tolist() == ["a", "b"]
    assert Dataset(X, ["a", "b"]).standardized().target_name == "y"
    both = Dataset(X, [[3.0, 0.0], [5.0, 9.0]]).standardized().y
    np.testing.assert_array_equal(both, [[-1, -1], [1, 1]])


def test_standardized_refuses_a_constant_column_by_name():
    data = Dataset(
        [[1, 5], [2, 5]], [7.0, 7.0], feature_names=["age", "height"], target_name="mass"
    )
    with pytest.raises(ValueError, match=r"'height' is the same in every sample.*leave it out"):
        data.standardized()
    with pytest.raises(ValueError, match="'mass' is the same in every sample"):
        Dataset([1, 2], data.y, target_name="mass").standardized()


def test_standardized_refuses_to_rescale_labels():
    data = Dataset([1, 2], ["a", "b"], target_name="species")
    with pytest.raises(ValueError, match="'species' holds labels"):
        data.standardized(target=True)


# --- toy data -----------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [line, blobs])
def test_toy_data_are_the_same_for_the_same_seed(make):
    np.testing.assert_array_equal(make(seed=3).X, make(seed=3).X)
    np.testing.assert_array_equal(make(seed=3).y, make(seed=3).y)
    np.testing.assert_array_equal(make().X, make(seed=0).X)
    assert not np.array_equal(make(seed=3).X, make(seed=4).X)


def test_line_lies_on_its_line():
    data = line(50, slope=-3, intercept=0.5, noise=0, seed=1)
    assert data.X.shape == (50, 1)
    np.testing.assert_array_equal(data.y, -3 * data.X[:, 0] + 0.5)
    scattered = line(10_000, slope=-3, intercept=0.5, noise=0.2, seed=1)
    residual = scattered.y - (-3 * scattered.X[:, 0] + 0.5)
    assert abs(residual.mean()) < 4 * 0.2 / 100
    assert abs(residual.std() / 0.2 - 1) < 0.03


def test_blobs_surround_their_centres():
    data = blobs(8, n_classes=3, spread=-0.0)
    assert data.y.tolist() == [0, 1, 2, 0, 1, 2, 0, 1]
    assert data.y.dtype.kind == "i"
    corner = np.array([2 * np.cos(2 * np.pi / 3), 2 * np.sin(2 * np.pi / 3)])
    np.testing.assert_allclose(data.X[:3], [[2, 0], corner, corner * [1, -1]], atol=1e-15)
    scattered = blobs(30_000, spread=0.5, seed=2)
    for label in range(3):
        cloud = scattered.X[scattered.y == label]
        np.testing.assert_allclose(cloud.mean(axis=0), data.X[label], atol=0.02)
        np.testing.assert_allclose(cloud.std(axis=0), 0.5, rtol=0.03)


# --- a student's own file -----------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends(csv_file, separator, end):
    lines = ["width,height,mass", "1,2,3", "4.5,-5e-1,+6", ""]
    data = read_csv(csv_file(end.join(lines).replace(",", separator)))
    np.testing.assert_array_equal(data.X, [[1, 2], [4.5, -0.5]])
    np.testing.assert_array_equal(data.y, [3, 6])
    assert data.feature_names == ("width", "height")
    assert data.target_name == "mass"


def test_the_separator_is_sought_outside_quotes(csv_file):
    data = read_csv(csv_file('"width, outer, in m";"mass, in kg"\n1;2\n'))
    assert data.feature_names == ("width, outer, in m",)
    assert data.target_name == "mass, in kg"
    np.testing.assert_array_equal([data.X[0, 0], data.y[0]], [1, 2])


def test_byte_order_mark_is_no_part_of_the_first_name(csv_file):
    assert read_csv(csv_file(b"\xef\xbb\xbfx,y\n1,2\n")).feature_names == ("x",)


def test_spaces_blank_lines_and_a_missing_last_line_end(csv_file):
    data = read_csv(csv_file(" x , y \n\n 1 , 2 \n\n3,4"))
    assert data.feature_names == ("x",)
    np.testing.assert_array_equal(data.X, [[1], [3]])
    np.testing.assert_array_equal(data.y, [2, 4])


def test_path_may_be_text(csv_file):
    assert repr(read_csv(str(csv_file("x,y\n1,2\n")))) == "Dataset(1 sample: x -> y)"


def test_columns_are_chosen_by_name(csv_file):
    path = csv_file("note,a,b,c\nhot,1,2,3\ncold,4,5,6\n")
    data = read_csv(path, features=["c", "a"], target="b")
    np.testing.assert_array_equal(data.X, [[3, 1], [6, 4]])
    np.testing.assert_array_equal(data.y, [2, 5])
    assert data.feature_names == ("c", "a")
    assert read_csv(path, features="a").target_name == "c"
    assert read_csv(path, features="a", target="note").y.tolist() == ["hot", "cold"]


def test_label_targets(csv_file):
    data = read_csv(csv_file("x,kind\n1,cat\n2,long-haired cat\n3,cat\n"))
    assert data.y.tolist() == ["cat", "long-haired cat", "cat"]


def test_constant_columns_are_read(csv_file):
    data = read_csv(csv_file("x,z,y\n1,5,2\n2,5,2\n"))
    np.testing.assert_array_equal(data.X, [[1, 5], [2, 5]])
    with pytest.raises(ValueError, match="'z' is the same in every sample"):
        data.standardized()


def test_one_row(csv_file):
    data = read_csv(csv_file("x,y\n1,2\n"))
    assert (data.X.tolist(), data.y.tolist()) == ([[1.0]], [2.0])


def test_quoted_cells_may_hold_separators_quotes_and_lines(csv_file):
    text = 'x,"mass,\nin kg",note\n1,2,"say ""hi"",\nthen\ngo"\n"3",4,\n'
    data = read_csv(csv_file(text), features="x", target="mass,\nin kg")
    np.testing.assert_array_equal(data.X, [[1], [3]])
    np.testing.assert_array_equal(data.y, [2, 4])
    labels = read_csv(csv_file('x,note\n1,"two\nlines"\n'))
    assert labels.y.tolist() == ["two\nlines"]


def test_lines_are_counted_as_an_editor_counts_them(csv_file):
    text = 'x,"mass,\nin kg"\n1,2\n\n"3\n",4\n5,six\n'
    assert "line 7, column 'mass,\\nin kg': 'six' is not" in message(csv_file(text))
    assert "line 3, column 'y'" in message(csv_file('x,y\n1,2\n3,"no\nnumber"\n5,6\n'))


@pytest.mark.parametrize("cell", ["", " ", "NA", "n/a", "NaN", "null", "None", "?"])
def test_missing_values_are_named_or_dropped(csv_file, cell):
    path = csv_file(f"x,note,y\n1,,2\n3,,{cell}\n5,,6\n{cell},,8\n")
    options = {"features": "x", "target": "y"}
    words = message(path, **options)
    assert "data.csv, line 3, column 'y': no value" in words
    assert "fill it in, or pass missing='drop'" in words
    data = read_csv(path, missing="drop", **options)
    np.testing.assert_array_equal(data.X, [[1], [5]])
    np.testing.assert_array_equal(data.y, [2, 6])


def test_missing_labels_are_missing_too(csv_file):
    path = csv_file("x,kind\n1,cat\n2,NA\n3,dog\n")
    assert "line 3, column 'kind': no value" in message(path)
    assert read_csv(path, missing="drop").y.tolist() == ["cat", "dog"]


def test_nothing_left_after_dropping(csv_file):
    words = message(csv_file("x,y\n,1\n2,\n"), missing="drop")
    assert words == (
        "data.csv has no line of data with a value in each of x, y: "
        "add lines or choose other columns"
    )


def test_unknown_word_for_missing(csv_file):
    words = message(csv_file("x,y\n1,2\n"), missing="skip")
    assert words == "missing must be 'error' or 'drop', not 'skip'"


@pytest.mark.parametrize("cell", ["tall", "12 cm", "1,5", "inf", "-Infinity", "1e999", "0x10"])
@pytest.mark.parametrize("column", ["x", "y"])
def test_text_and_infinity_where_numbers_belong(csv_file, cell, column):
    row = f"{cell};2" if column == "x" else f"2;{cell}"
    words = message(csv_file(f"x;y\n1;2\n{row}\n"))
    assert f"data.csv, line 3, column '{column}': '{cell}' is not a finite number" in words
    assert "correct it (decimal point, no unit), or choose other columns" in words


def test_of_many_bad_cells_the_first_is_named(csv_file):
    assert "line 3, column 'y': 'a'" in message(csv_file("x,y\n1,2\n3,a\n5,6\n7,b\n"))
    assert "line 3, column 'y': '3'" in message(csv_file("x,y\n1,a\n2,3\n4,b\n5,6\n"))


def test_number_among_labels(csv_file):
    words = message(csv_file("x,y\n1,n. a.\n2,a\n3,4.5\n4,6\n"))
    assert "data.csv, line 4, column 'y': '4.5' is a number, but the first line of data" in words
    assert "write labels in every line, or numbers in every line" in words


@pytest.mark.parametrize(
    ("row", "count", "advice"),
    [
        ("1,2", 2, "fill in what is missing"),
        ("1,2,3,4", 4, "quote cells that contain the separator"),
    ],
)
def test_ragged_lines(csv_file, row, count, advice):
    words = message(csv_file(f"x,z,y\n1,2,3\n{row}\n"))
    assert words == f"data.csv, line 3: {count} cells, but the header names 3 columns: {advice}"


def test_stray_quotation_mark(csv_file):
    rows = "".join(f"{k},{k}\n" for k in range(100))
    words = message(csv_file(f'x,y\n1,2\n3,"4\n{rows}'))
    assert words.startswith("data.csv, line 3: ")
    assert "check the quotation marks from this line on" in words
    # So far on that the cell grows beyond what the csv module takes.
    assert message(csv_file(f'x,y\n1,2\n3,"4\n{rows * 1000}')).startswith("data.csv, line 3: ")


def test_empty_file(csv_file):
    expected = "data.csv is empty: its first line must name the columns"
    for content in ("", "\n", "\ufeff", "  \n"):
        assert message(csv_file(content)) == expected


def test_header_only(csv_file):
    assert "data.csv has no line of data with a value in each of x, y" in message(csv_file("x,y\n"))


def test_one_column(csv_file):
    words = message(csv_file("x y\n1 2\n"))
    assert "data.csv leaves no feature beside the target 'x y'" in words
    assert "two columns or more, separated by comma, semicolon or tab" in words
    assert "leaves no feature" in message(csv_file("x,y\n1,2\n"), features=[])


def test_duplicated_header(csv_file):
    words = message(csv_file("x,y,x\n1,2,3\n"))
    assert words == "data.csv: two columns are named 'x': rename one"


def test_unknown_column(csv_file):
    path = csv_file("x,y\n1,2\n")
    assert message(path, features="z") == "data.csv has no column 'z': it has x, y"
    assert message(path, target="z") == "data.csv has no column 'z': it has x, y"


@pytest.mark.parametrize("rows", [1, 20_000])
def test_wrong_encoding_names_its_line(csv_file, rows):
    text = "x,place\n" + rows * "1,here\n" + "2,Malmö\n"
    words = message(csv_file(text.encode("latin-1")))
    assert words == (f"data.csv, line {rows + 2}, is not UTF-8 text: save the file as 'CSV UTF-8'")
    assert read_csv(csv_file(text)).y[-1] == "Malmö"


def test_utf_16_is_not_utf_8(csv_file):
    assert "line 1, is not UTF-8 text" in message(csv_file("x,y\n1,2\n".encode("utf-16")))


def test_missing_file_keeps_its_own_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_csv(tmp_path / "data.csv")


# --- more rows than one block -------------------------------------------------------------------

N_ROWS = 2 * ROWS_AT_ONCE + 20_000


def test_many_rows_arrive_in_order(csv_file):
    rows = "".join(f"{k},{-k},{2 * k}\n" for k in range(N_ROWS))
    data = read_csv(csv_file("x,z,y\n" + rows))
    k = np.arange(float(N_ROWS))
    np.testing.assert_array_equal(data.X, np.stack([k, -k], axis=-1))
    np.testing.assert_array_equal(data.y, 2 * k)


def test_many_labels_arrive_in_order_whatever_their_length(csv_file):
    labels = ["a"] * (N_ROWS - 1) + ["longer"]
    data = read_csv(csv_file("x,y\n" + "".join(f"1,{label}\n" for label in labels)))
    assert data.y.tolist() == labels


@pytest.mark.parametrize("row", [0, ROWS_AT_ONCE - 1, ROWS_AT_ONCE, N_ROWS - 1])
def test_a_late_error_names_its_line(csv_file, row):
    good = [f"{k},{k}\n" for k in range(N_ROWS)]

    def with_bad(line: str) -> Path:
        return csv_file("x,y\n" + "".join([*good[:row], line, *good[row + 1 :]]))

    assert f"line {row + 2}, column 'x': 'tall' is not" in message(with_bad("tall,1\n"))
    assert f"line {row + 2}, column 'y': no value" in message(with_bad("1,\n"))
    assert f"line {row + 2}: 1 cells" in message(with_bad("1\n"))


def test_lines_are_counted_on_when_some_are_dropped(csv_file):
    rows = ["1,2\n", "NA,2\n"] * (N_ROWS // 2)
    path = csv_file("x,y\n" + "".join(rows) + "\n3,four\n")
    words = message(path, missing="drop")
    assert f"line {N_ROWS + 3}, column 'y': 'four' is not" in words


@settings(deadline=None, max_examples=50)
@given(
    table=hnp.arrays(
        np.float64,
        st.tuples(st.integers(1, 20), st.integers(2, 4)),
        elements=st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_every_number_survives_the_file_exactly(tmp_path_factory, table):
    path = tmp_path_factory.mktemp("csv") / "table.csv"
    names = [f"c{k}" for k in range(table.shape[1])]
    rows = [",".join(map(repr, row)) for row in table.tolist()]
    path.write_text("\n".join([",".join(names), *rows]))
    data = read_csv(path)
    np.testing.assert_array_equal(data.X, table[:, :-1])
    np.testing.assert_array_equal(data.y, table[:, -1])
