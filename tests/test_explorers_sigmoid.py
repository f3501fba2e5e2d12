"""SigmoidExplorer at every logit, against σ written down plainly and matplotlib's mapping."""

import math
import re

import numpy as np
import pytest

import gdviz as gd

HEIGHT = 400


@pytest.fixture(scope="module")
def explorer():
    return gd.SigmoidExplorer()


def mapped(axes, x, y):
    points = axes.transData.transform(np.stack(np.broadcast_arrays(x, y), axis=-1)) / 2
    return points[..., 0], HEIGHT - points[..., 1]


def sigma(z):
    return 1 / (1 + math.exp(-z))


def losses(z, y):
    """Return negative log-likelihood and squared error of one sample."""
    p = sigma(z)
    return -math.log(p if y else sigma(-z)), (p - y) ** 2


def slope(function, z):
    return (function(z + 1e-5) - function(z - 1e-5)) / 2e-5


def numbers(text):
    return [float(number) for number in re.findall(r"-?\d[\d.]*(?:e[+-]\d+)?", text)]


@pytest.mark.parametrize(("code", "y"), [(0, 1), (1, 0)])
def test_every_logit(explorer, code, y):
    z_slider, label = explorer.controls["z"], explorer.controls["label"]
    label.value = f"y = {y}"
    on_sigmoid, on_loss = explorer.scene.marks[0].axes, explorer.scene.marks[3].axes
    grid = explorer.scene.dimensions["z"]
    assert (grid[0], grid[-1], len(grid)) == (-8, 8, 161)
    for index, z in enumerate(grid):
        z_slider.value = z
        assert explorer.position == {"z": index, "label": code}
        tangent, at_slope, at_p, square, likelihood, *rest = explorer.scene.marks
        p, derivative = sigma(z), slope(sigma, z)
        expected = losses(z, y)
        slopes = [slope(lambda t, k=k: losses(t, y)[k], z) for k in (0, 1)]

        def drawn(mark):
            return np.array(mark.at(explorer.position))

        for mark, axes, height in (
            (at_p, on_sigmoid, p),
            (at_slope, on_sigmoid, derivative),
            (rest[2], on_loss, expected[1]),
            (rest[3], on_loss, expected[0]),
        ):
            assert mark.axes is axes
            np.testing.assert_allclose(drawn(mark)[:, 0], mapped(axes, z, height), atol=0.01)
        for mark, axes, height, steep in (
            (tangent, on_sigmoid, p, derivative),
            (rest[0], on_loss, expected[1], slopes[1]),
            (rest[1], on_loss, expected[0], slopes[0]),
        ):
            ends = drawn(mark)
            np.testing.assert_allclose(ends.mean(axis=1), mapped(axes, z, height), atol=0.01)
            rise = np.diff(mapped(axes, [z, z + 1], [height, height + steep]))[:, 0]
            direction = np.diff(ends)[:, 0]
            np.testing.assert_allclose(
                direction / np.hypot(*direction), rise / np.hypot(*rise), atol=1e-4
            )
            assert np.hypot(*direction) == pytest.approx(84, abs=0.1)  # 0.84 inches
        for mark, k in ((square, 1), (likelihood, 0)):
            curve = [losses(t, y)[k] for t in grid]
            np.testing.assert_allclose(drawn(mark), mapped(on_loss, grid, curve), atol=0.01)

        texts = [mark.at(explorer.position) for mark in rest[4:]]
        shown = [number for text in texts[:-1] for number in numbers(text)]
        wanted = [z, math.exp(z), p, derivative, expected[0], slopes[0], expected[1], slopes[1]]
        np.testing.assert_allclose(shown, wanted, rtol=6e-3, atol=1e-9)
        assert texts[-1] == f"Loss of one sample, y = {y}"
        assert explorer.description.startswith(f"z = {z:.1f}: ")
        assert f"for y = {y} " in explorer.description


def test_the_painted_curves_are_sigma_and_its_slope(explorer):
    sigmoid, derivative = explorer.scene.marks[0].axes.lines
    z = sigmoid.get_xdata()
    np.testing.assert_allclose(sigmoid.get_ydata(), [sigma(t) for t in z], rtol=1e-12)
    slopes = [slope(sigma, t) for t in z]
    np.testing.assert_allclose(derivative.get_ydata(), slopes, rtol=1e-6, atol=1e-10)


def test_it_starts_where_it_is_told():
    explorer = gd.SigmoidExplorer(3.5)
    assert explorer.controls["z"].value == 3.5
    assert explorer.description.startswith("z = 3.5: σ(z) = 0.971")
    assert explorer.still() != explorer.still(z=0)
    assert repr(explorer) == "SigmoidExplorer()"


@pytest.mark.parametrize("logit", [9, -8.1, math.nan, "1", None])
def test_other_logits_are_refused(logit):
    with pytest.raises(ValueError, match="logit must be a number from -8 to 8"):
        gd.SigmoidExplorer(logit)
