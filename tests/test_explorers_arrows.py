"""Arrows against geometry done by hand."""

import numpy as np

from gdviz.explorers.arrows import arrow, arrows


def test_an_arrow_by_hand():
    window = np.array([[0.0, 1.0], [0.0, 1.0]])
    u, v = arrow(np.array([0.1, 0.5]), np.array([0.9, 0.5]), window)
    np.testing.assert_allclose(u[[0, 1, 3]], [0.1, 0.9, 0.9])
    np.testing.assert_allclose(v[[0, 1, 3]], 0.5)
    back, side = 0.035 * np.cos(np.deg2rad(28)), 0.035 * np.sin(np.deg2rad(28))
    np.testing.assert_allclose(u[[2, 4]], 0.9 - back)
    np.testing.assert_allclose(sorted(v[[2, 4]]), [0.5 - side, 0.5 + side])


def test_heads_look_the_same_in_any_window_and_short_arrows_have_short_ones():
    rng = np.random.default_rng(0)
    tails, tips = rng.uniform(size=(2, 50, 2))
    window = np.array([[-3.0, 5.0], [100.0, 100.5]])
    low, size = window[:, 0], np.ptp(window, axis=1)
    square = np.stack(arrow(tails, tips, np.array([[0, 1.0], [0, 1.0]])), axis=-1)
    stretched = np.stack(arrow(low + tails * size, low + tips * size, window), axis=-1)
    np.testing.assert_allclose((stretched - low) / size, square, atol=1e-10)
    strokes = np.linalg.norm(square[:, [2, 4]] - square[:, [1]], axis=-1)
    length = np.linalg.norm(tips - tails, axis=-1)
    np.testing.assert_allclose(strokes, np.minimum(0.035, length / 2)[:, None] * [1, 1])


def test_an_arrow_of_no_length_is_a_point():
    point = np.array([0.25, 0.5])
    u, v = arrow(point, point, np.array([[0.0, 1.0], [0.0, 1.0]]))
    np.testing.assert_array_equal(u, 5 * [0.25])
    np.testing.assert_array_equal(v, 5 * [0.5])


def test_many_arrows_are_one_line_with_gaps():
    rng = np.random.default_rng(1)
    tails, tips = rng.uniform(size=(2, 4, 3, 2))
    window = np.array([[0.0, 2.0], [0.0, 1.0]])
    u, v = arrows(tails, tips, window)
    assert u.shape == v.shape == (4, 18)
    each = arrow(tails, tips, window)
    for line, points in zip((u, v), each, strict=True):
        line = line.reshape(4, 3, 6)
        np.testing.assert_array_equal(line[..., :5], points)
        assert np.isnan(line[..., 5]).all()
