"""DifferenceExplorer at every step h, against quotients worked out with exact fractions."""

import math
from fractions import Fraction

import numpy as np
import pytest

import gdviz as gd


def mapped(axes, x, y):
    points = axes.transData.transform(np.stack(np.broadcast_arrays(x, y), axis=-1)) / 2
    return points[:, 0], 400 - points[:, 1]


def cube(x):
    return x**3


def exact_slope(rule, x, h):
    """Return the quotient for x³ without any rounding."""
    x, h = Fraction(x), Fraction(h)
    low = x if rule == "forward" else x - h
    return float(((x + h) ** 3 - low**3) / (x + h - low))


@pytest.fixture(scope="module")
def explorer():
    return gd.DifferenceExplorer(cube, lambda x: 3 * x**2, 2.0)


def numbers(text):
    return [float(part.split()[1]) for part in text.split(",  ")]


def test_every_place_of_the_sliders(explorer):
    line, points, spot, text = explorer.scene.marks
    h = explorer.controls["h"]
    assert len(h.stops) == 33
    for rule in ("forward", "central"):
        explorer.controls["rule"].value = rule
        for step in h.stops:
            h.value = step
            position = explorer.position
            slope, true, error = numbers(text.at(position))
            assert true == 12
            # Each value of the function may be off by half its last digit, 2e-15 or less.
            rounding = 8e-15 / step
            assert abs(slope - exact_slope(rule, 2.0, step)) <= rounding + 1e-10
            expected = abs(exact_slope(rule, 2.0, step) - 12)
            assert abs(error - expected) <= rounding + 0.06 * expected
            low = 2.0 if rule == "forward" else 2.0 - step
            pair = mapped(points.axes, [low, 2.0 + step], [cube(low), cube(2.0 + step)])
            np.testing.assert_allclose(points.at(position), pair, atol=0.01)
            ends = np.array(line.axes.get_xlim())
            drawn = mapped(line.axes, ends, cube(low) + slope * (ends - low))
            np.testing.assert_allclose(line.at(position), drawn, rtol=1e-5, atol=0.01)
            x, y = spot.at(position)
            np.testing.assert_allclose(
                (x, y), mapped(spot.axes, [step], [max(error, 1e-17)]), atol=3
            )
            assert explorer.description == (
                f"{rule} difference with h = {step:.3g}: {text.at(position)}"
            )


def test_it_starts_with_a_step_that_can_be_seen():
    explorer = gd.DifferenceExplorer(np.exp, np.exp, 1.0)
    assert explorer.description.startswith("forward difference with h = 1: slope 4.67077427047,")
    slope, true, _ = numbers(explorer.scene.marks[3].at(explorer.position))
    assert slope == pytest.approx(math.e**2 - math.e, abs=1e-10)
    assert true == pytest.approx(math.e, abs=1e-10)


def errors(explorer, rule):
    curve = next(c for c in explorer.scene.marks[2].axes.lines if c.get_label() == rule)
    return curve.get_xdata(), curve.get_ydata()


def test_the_curves_show_what_the_lesson_says():
    explorer = gd.DifferenceExplorer(np.exp, np.exp, 1.0)
    h, forward = errors(explorer, "forward")
    _, central = errors(explorer, "central")
    coarse = h >= 1e-3
    assert np.all(central[coarse] < forward[coarse])
    ratio = forward[h == 1e-1] / forward[h == 1e-3], central[h == 1e-1] / central[h == 1e-3]
    np.testing.assert_allclose(np.ravel(ratio), [100, 10_000], rtol=0.1)
    assert 1e-10 < h[forward.argmin()] < 1e-6
    assert 1e-7 <= h[central.argmin()] < 1e-3
    assert central[0] > 0.1  # all digits are gone


def test_on_a_parabola_central_differences_are_exact_but_for_rounding():
    task = gd.LinearRegression([0.0, 1.0, 2.0], [1.0, 3.0, 6.0])
    explorer = gd.DifferenceExplorer(
        lambda W: task.loss([[W, 0.5]]), lambda W: task.jacobian([[W, 0.5]])[0, 0], 1.0
    )
    h, central = errors(explorer, "central")
    assert central[h == 1.0] < 1e-12
    _, forward = errors(explorer, "forward")
    assert forward[h == 1.0] > 1


def test_a_line_has_no_error_and_no_height():
    explorer = gd.DifferenceExplorer(lambda x: 0.0, lambda x: 0.0, 0.0)
    assert "error 0.0e+00" in explorer.description
    assert np.isfinite(explorer.scene.marks[2].at(explorer.position)).all()
    assert explorer.still()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((np.exp, np.exp, np.nan), "x must be finite, got nan"),
        ((np.exp, np.exp, "1"), "x must be a number, got '1'"),
        ((np.sqrt, np.sqrt, 0.5), "function must return one finite number for each x between -0.5"),
        ((np.exp, lambda x: [x, x], 1.0), "derivative must return one finite number"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value encountered in sqrt")
def test_wrong_input_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        gd.DifferenceExplorer(*arguments)


def test_representations(explorer):
    data, metadata = explorer._repr_mimebundle_()
    assert data["text/plain"] == "DifferenceExplorer(at x = 2)"
    assert metadata["image/png"]["alt"] == explorer.description
