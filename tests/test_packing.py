"""Packed numbers: what is lost, and that no more is lost than cannot be seen."""

import zlib

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gdviz.live.packing import FIRST_EXPONENT, MISSING, pack


def unpack(packed, dtype):
    """Read packed numbers as canvas.js does."""
    data, packing = packed
    data = zlib.decompress(data)
    if "stride" not in packing:
        return np.frombuffer(data, dtype)
    stride = packing["stride"]
    planes = np.frombuffer(data, np.uint8).reshape(4, -1).T
    steps = np.ascontiguousarray(planes).view("<i4").reshape(stride, -1).T
    codes = np.cumsum(steps, axis=0, dtype=np.int32).ravel()
    if "scale" in packing:
        return np.where(codes == MISSING, np.nan, codes / packing["scale"])
    return np.array([decimal(code, packing["digits"]) for code in codes.tolist()])


def decimal(code, digits):
    if code in (0, MISSING):
        return np.nan if code else 0.0
    first = 10 ** (digits - 1)
    exponent, rest = divmod(abs(code) - 1, 9 * first)
    return np.sign(code) * float(f"{first + rest}e{exponent + FIRST_EXPONENT - digits + 1}")


@pytest.mark.parametrize("shape", [(7,), (3, 50), (4, 20, 3), (2, 3, 30, 1), (1, 1), (0,), (5, 0)])
def test_pixels_are_kept_to_a_64th(shape):
    pixels = np.random.default_rng(0).uniform(-2e4, 2e4, shape).astype(np.float32)
    found = unpack(pack(pixels), np.float32)
    assert found.shape == (pixels.size,)
    np.testing.assert_allclose(found, pixels.ravel(), rtol=0, atol=1 / 64)


def test_gaps_stay_and_far_ends_stay_far():
    pixels = np.array([0, np.nan, 1e30, -1e30, 5.5, np.nan], np.float32)
    found = unpack(pack(pixels), np.float32)
    assert np.isnan(found[[1, 5]]).all()
    assert found[2] > 6e7
    assert found[3] < -6e7
    np.testing.assert_array_equal(found[[0, 4]], [0, 5.5])


def test_lines_between_far_ends_cross_the_picture_where_they_did():
    from matplotlib.figure import Figure

    from gdviz.live import Line, Text
    from gdviz.live.scene import build_scene

    figure = Figure(figsize=(5, 4))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 10), ylim=(-1, 1))
    slopes, ends = np.array([0.1, -1e3, 1e5, -1e9, 1e20]), np.array([0, 10])
    heights = [*(slopes[:, None] * (ends - 3)), [1e9, 2e9]]  # the last is nowhere near
    number = np.arange(len(heights))
    line = Line(axes, ends, heights, ("number",))
    scene = build_scene(figure, [line], {"number": number}, Text(""), 10_000).packed
    x, y = (
        unpack((scene["buffers"][part["buffer"]], part["packing"]), np.float32).reshape(-1, 2)
        for part in (scene["marks"][0][side] for side in "xy")
    )
    assert np.unique(y[-1]).size == 1
    pixels = np.stack([x, y], axis=-1)[:-1]
    assert np.abs(pixels).max() <= 1e6
    along = (pixels[:, 1] - pixels[:, 0]).T
    offset = ((150, 200) - pixels[:, 0]).T  # of (3, 0), through which all others go
    across = (offset[0] * along[1] - offset[1] * along[0]) / np.hypot(*along)
    assert np.abs(across).max() < 0.1


@pytest.mark.parametrize("dtype", [np.uint8, np.int32])
def test_whole_numbers_are_kept(dtype):
    whole = np.random.default_rng(0).integers(0, 255, (6, 40, 5)).astype(dtype)
    np.testing.assert_array_equal(unpack(pack(whole), dtype), whole.ravel())


NUMBERS = st.one_of(
    st.floats(),
    st.floats(-1000, 1000),
    st.integers(-(10**5), 10**5).map(lambda k: k / 8),
    st.integers(-320, 308).map(lambda k: float(f"9.9996e{k}")),
)


@given(
    st.lists(NUMBERS, min_size=1, max_size=8), st.sampled_from(["g", "e", "f"]), st.integers(0, 6)
)
@example([1.7e302], "f", 6)  # more millionths than a float can count
def test_a_text_reads_as_before(numbers, kind, digits):
    specification = f".{digits}{kind}"
    given = np.array(numbers)
    for number, found in zip(
        given, unpack(pack(given, specification), np.float64).tolist(), strict=True
    ):
        expected = format(number, specification)
        if np.isfinite(number):  # "-0" reads "0"
            assert float(format(found, specification)) == pytest.approx(float(expected), rel=1e-12)
        else:
            assert format(found, specification) == expected


def test_more_digits_than_fit_are_sent_as_they_are():
    numbers = np.random.default_rng(0).normal(size=50)
    np.testing.assert_array_equal(unpack(pack(numbers, ".12g"), np.float64), numbers)
    np.testing.assert_array_equal(unpack(pack(1e12 * numbers, ".1f"), np.float64), 1e12 * numbers)


def test_descents_become_twenty_times_smaller():
    import gdviz as gd

    task = gd.LinearRegression(gd.datasets.penguins().standardized())
    scene = gd.DescentExplorer(task).scene
    assert scene.n_bytes > 20 * scene.n_packed_bytes
