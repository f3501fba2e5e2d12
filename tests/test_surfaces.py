import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from gdviz import surfaces
from gdviz.descent import Status, gradient_descent
from gdviz.surfaces import Surface

ALL = {
    "bowl 1-D": surfaces.bowl(1),
    "bowl 2-D": surfaces.bowl(2, curvature=3.0),
    "ravine": surfaces.ravine(50),
    "ravine, turned": surfaces.ravine(50, angle=30),
    "bumpy 1-D": surfaces.bumpy(1),
    "bumpy 2-D": surfaces.bumpy(2),
    "double well 1-D": surfaces.double_well(1, tilt=0.4),
    "double well 2-D": surfaces.double_well(2, tilt=-0.2),
    "saddle": surfaces.saddle(),
    "rosenbrock": surfaces.rosenbrock(a=1.2, b=20),
    "himmelblau": surfaces.himmelblau(),
}
every_surface = pytest.mark.parametrize("surface", ALL.values(), ids=ALL.keys())


def thetas(surface):
    """Points of the window, with zero to two batch axes in front."""
    low, high = surface.window.T
    fractions = array_shapes(min_dims=0, max_dims=2, max_side=4).flatmap(
        lambda batch: arrays(float, (*batch, *surface.shape), elements=st.floats(0, 1))
    )
    return fractions.map(lambda fraction: low + fraction * (high - low))


def differences(function, theta, h=1e-5):
    """Central differences of ``function`` in each parameter, stacked on a new last axis."""
    sides = h * np.eye(theta.shape[-1])[:, None, :]
    return np.stack([(function(theta + d) - function(theta - d)) / (2 * h) for d in sides], axis=-1)


def formulas(surface):
    """The function and the gradient of ``surface``, as a student would write them."""
    return (
        lambda *point: surface.loss(np.stack(point, axis=-1)[..., None, :]),
        lambda *point: surface.jacobian(np.stack(point, axis=-1)[..., None, :])[..., 0].T,
    )


@every_surface
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_derivatives_agree_with_central_differences(surface, data):
    theta = data.draw(thetas(surface))
    J, H = surface.jacobian(theta), surface.hessian(theta)
    assert surface.loss(theta).shape == theta.shape[:-2]
    assert J.shape == (*theta.shape[:-2], surface.dims, 1)
    assert H.shape == (*theta.shape[:-2], surface.dims, surface.dims)
    np.testing.assert_allclose(J[..., 0], differences(surface.loss, theta), rtol=1e-7, atol=1e-7)
    slopes = differences(lambda theta: surface.jacobian(theta)[..., 0], theta)
    np.testing.assert_allclose(H, slopes, rtol=1e-7, atol=1e-7)


def torch_formulas(torch):
    return {
        "bowl 1-D": lambda x: x**2,
        "bowl 2-D": lambda x, y: 1.5 * (x**2 + y**2),
        "ravine": lambda x, y: 0.5 * (x**2 + 50 * y**2),
        "ravine, turned": lambda x, y: (
            0.5 * ((0.75**0.5 * x + 0.5 * y) ** 2 + 50 * (0.75**0.5 * y - 0.5 * x) ** 2)
        ),
        "bumpy 1-D": lambda x: 1 + 0.3 * x**2 + torch.sin(3 * x),
        "bumpy 2-D": lambda x, y: (
            2 + 0.35 * (x**2 + y**2) + torch.sin(2 * x) + torch.sin(x - 2 * y)
        ),
        "double well 1-D": lambda x: (x**2 - 1) ** 2 + 0.4 * x,
        "double well 2-D": lambda x, y: (x**2 - 1) ** 2 - 0.2 * x + y**2,
        "saddle": lambda x, y: x**2 - y**2,
        "rosenbrock": lambda x, y: (1.2 - x) ** 2 + 20 * (y - x**2) ** 2,
        "himmelblau": lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2,
    }


@pytest.mark.parametrize("name", ALL)
def test_loss_and_derivatives_agree_with_pytorch(name):
    torch = pytest.importorskip("torch")
    surface, formula = ALL[name], torch_formulas(torch)[name]
    low, high = surface.window.T
    theta = np.random.default_rng(0).uniform(low, high, (50, *surface.shape))

    def loss(theta):
        return formula(*theta)

    points = torch.tensor(theta[:, 0], dtype=torch.float64)
    with warnings.catch_warnings():  # torch.func warns of its own internals
        warnings.simplefilter("ignore")
        expected = {
            "loss": torch.func.vmap(loss)(points),
            "jacobian": torch.func.vmap(torch.func.grad(loss))(points)[..., None],
            "hessian": torch.func.vmap(torch.func.hessian(loss))(points),
        }
    for method, values in expected.items():
        np.testing.assert_allclose(
            getattr(surface, method)(theta), values.numpy(), rtol=1e-10, atol=1e-10
        )


def test_numbers_worked_by_hand():
    θ = [[3.0, -1.0]]
    assert surfaces.bowl(1).loss([[3.0]]) == 9
    assert surfaces.bowl().loss(θ) == 10
    assert surfaces.ravine(4).loss(θ) == 6.5
    assert surfaces.saddle().loss(θ) == 8
    assert surfaces.double_well(1, tilt=0.5).loss([[3.0]]) == 65.5
    assert surfaces.rosenbrock().loss(θ) == 4 + 100 * 10**2
    assert surfaces.himmelblau().loss(θ) == 9 + 9
    assert surfaces.bumpy(1).loss([[0.0]]) == 1
    assert surfaces.bumpy(2).loss([[0.0, 0.0]]) == 2
    np.testing.assert_array_equal(surfaces.rosenbrock().jacobian([[-1.0, 2.0]]), [[396], [200]])
    np.testing.assert_array_equal(surfaces.himmelblau().hessian([[0.0, 0.0]]), [[-42, 0], [0, -26]])


@every_surface
def test_minima_are_stationary_and_curve_upwards_in_order_of_place(surface):
    minima = surface.minima()
    assert minima.shape == (len(minima), *surface.shape)
    np.testing.assert_allclose(surface.jacobian(minima), 0, atol=1e-12)
    assert (np.linalg.eigvalsh(surface.hessian(minima)) > 0).all()
    assert [*map(tuple, minima[:, 0])] == sorted(map(tuple, minima[:, 0]))
    low, high = surface.window.T
    assert ((low < minima) & (minima < high)).all()


@pytest.mark.parametrize("name", sorted(ALL.keys() - {"saddle", "rosenbrock"}))
def test_descents_from_all_over_the_window_end_in_the_minima_and_miss_none(name):
    surface = ALL[name]
    low, high = surface.window.T
    starts = np.random.default_rng(1).uniform(low, high, (100, *surface.shape))
    steepest = np.linalg.eigvalsh(surface.hessian(starts)).max()
    ends = gradient_descent(surface, starts, 1 / steepest, 1000).theta[:, -1]
    distance = np.linalg.norm(ends[:, None] - surface.minima(), axis=(-2, -1))
    np.testing.assert_allclose(distance.min(axis=1), 0, atol=1e-6)
    assert set(distance.argmin(axis=1)) == set(range(len(surface.minima())))


def test_where_the_minima_are():
    np.testing.assert_array_equal(surfaces.bowl().minima(), [[[0, 0]]])
    np.testing.assert_array_equal(surfaces.ravine(1e6).minima(), [[[0, 0]]])
    assert surfaces.saddle().minima().shape == (0, 1, 2)
    for a in (-1.0, 1.0, 2.0):
        np.testing.assert_allclose(
            surfaces.rosenbrock(a).minima(), [[[a, a**2]]], rtol=1e-14, atol=1e-14
        )
    # Himmelblau's other three, from the roots of a cubic, as published to six decimals.
    np.testing.assert_allclose(
        surfaces.himmelblau().minima()[:, 0],
        [[-3.779310, -3.283186], [-2.805118, 3.131312], [3, 2], [3.584428, -1.848126]],
        atol=1e-6,
    )
    np.testing.assert_allclose(
        surfaces.himmelblau().loss(surfaces.himmelblau().minima()), 0, atol=1e-20
    )


def test_double_well_is_one_well_when_tilted_far():
    limit = 8 / math.sqrt(27)
    assert len(surfaces.double_well(tilt=limit - 0.01).minima()) == 2
    assert len(surfaces.double_well(tilt=limit + 0.01).minima()) == 1
    left, right = surfaces.double_well(2, tilt=0.3).minima()
    loss = surfaces.double_well(2, tilt=0.3).loss
    assert loss(right) - loss(left) == pytest.approx(0.6, abs=0.01)
    np.testing.assert_allclose(surfaces.double_well(tilt=0).minima(), [[[-1]], [[1]]])


@pytest.mark.parametrize("dims", [1, 2])
def test_bumpy_has_several_minima_of_different_depth_none_outside_its_window(dims):
    bumpy = surfaces.bumpy(dims)
    depths = np.sort(bumpy.loss(bumpy.minima()))
    assert len(depths) >= 5
    assert (np.diff(depths) > 0.05).all()
    assert (depths > 0).all()
    wide = Surface(*formulas(bumpy), window=3 * bumpy.window)
    np.testing.assert_allclose(wide.minima(), bumpy.minima(), atol=1e-8)


def test_minimizer_is_the_lowest_of_the_minima():
    for surface in (surfaces.bumpy(1), surfaces.bumpy(2), surfaces.double_well(tilt=-0.3)):
        lowest = surface.minimizer()
        assert lowest.shape == surface.shape
        assert surface.loss(lowest) == surface.loss(surface.minima()).min()
        assert surface.least_loss == surface.loss(lowest)
    np.testing.assert_allclose(surfaces.double_well(tilt=-0.3).minimizer(), [[1.0]], atol=0.05)
    assert np.isnan(surfaces.saddle().least_loss)
    with pytest.raises(ValueError, match=r"saddle.* no minimum in its window"):
        surfaces.saddle().minimizer()


@pytest.mark.parametrize("angle", [0, 45, -20, 90])
def test_a_turned_ravine_is_as_steep_along_its_own_axes(angle):
    ravine = surfaces.ravine(9, angle=angle)
    floor = np.array([[math.cos(math.radians(angle)), math.sin(math.radians(angle))]])
    wall = floor[:, ::-1] * [-1, 1]
    for along, curvature in ((floor, 1), (wall, 9)):
        assert ravine.loss(2 * along) == pytest.approx(2 * curvature)
        np.testing.assert_allclose(ravine.jacobian(along).mT, curvature * along, atol=1e-14)
    np.testing.assert_allclose(np.linalg.eigvalsh(ravine.hessian()), [1, 9])


@given(st.floats(1, 1e8))
def test_ravine_has_the_condition_number_asked_for(condition):
    H = surfaces.ravine(condition).hessian([[1.0, -2.0]])
    assert np.linalg.cond(H) == pytest.approx(condition, rel=1e-12)
    assert surfaces.ravine(condition).max_stable_learning_rate() == pytest.approx(2 / condition)


def test_stability_limit_is_2_over_the_largest_curvature():
    bowl = surfaces.bowl(1, curvature=4.0)
    assert bowl.max_stable_learning_rate() == 0.5
    assert gradient_descent(bowl, [[1.0]], [0.25, 0.49, 0.51], 300).status.tolist() == [
        Status.CONVERGED,
        Status.CONVERGED,
        Status.DIVERGED,
    ]
    assert surfaces.saddle().max_stable_learning_rate() == 1
    assert surfaces.himmelblau().max_stable_learning_rate() == math.inf  # a hill at 0


def test_descents_reach_what_the_landscape_is_for():
    bowl, ravine = surfaces.bowl(), surfaces.ravine(100)
    θ = [[2.0, 1.0]]
    one_step = gradient_descent(bowl, θ, 0.5, 1)
    np.testing.assert_array_equal(one_step.theta[-1], [[0, 0]])
    assert gradient_descent(ravine, θ, 0.019, 100).status == Status.SLOW
    assert gradient_descent(ravine, θ, 0.021, 100).status == Status.DIVERGED
    assert gradient_descent(ravine, θ, 0.019, 1000).status == Status.CONVERGED

    crest = gradient_descent(surfaces.saddle(), [[[1.0, 0.0]], [[1.0, 1e-9]]], 0.1, 200)
    assert crest.status.tolist() == [Status.STUCK, Status.SLOW]
    np.testing.assert_allclose(crest.theta[0, -1], [[0, 0]], atol=1e-12)
    assert abs(crest.theta[1, -1, 0, 1]) > 1e3

    bumps = gradient_descent(surfaces.bumpy(1), [[[4.0]], [[0.3]]], 0.05, 200)
    assert bumps.status.tolist() == [Status.STUCK, Status.CONVERGED]
    np.testing.assert_allclose(bumps.theta[:, -1], surfaces.bumpy(1).minima()[[4, 2]])
    assert gradient_descent(surfaces.bumpy(1), [[4.0]], 0.05, 3).status == Status.SLOW


@every_surface
def test_one_batch_is_the_single_points(surface):
    low, high = surface.window.T
    theta = np.random.default_rng(2).uniform(low, high, (3, 4, *surface.shape))
    for method in (surface.loss, surface.jacobian, surface.hessian):
        together = method(theta)
        for index in np.ndindex(3, 4):
            np.testing.assert_allclose(together[index], method(theta[index]), rtol=1e-13, atol=0)
    assert surface.loss(theta[:0]).shape == (0, 4)
    assert surface.jacobian(theta[:0]).shape == (0, 4, surface.dims, 1)
    assert surface.hessian().shape == (surface.dims, surface.dims)


@every_surface
def test_overflow_is_silent_and_not_hidden(surface):
    far = np.full(surface.shape, 1e200)
    gone = np.full(surface.shape, np.nan)
    assert not np.isfinite(surface.loss(far))
    assert np.isnan(surface.loss(gone))
    assert np.isnan(surface.jacobian(gone)).all()
    if surface.name in ("Rosenbrock", "Himmelblau", "double well"):
        descent = gradient_descent(surface, surface.window[:, 1][None], 1.0, 20)
        assert descent.status in (Status.NAN, Status.DIVERGED)
        assert descent.first_bad_iteration > 0


def test_a_students_formula_with_a_numeric_hessian():
    egg = Surface(
        lambda x, y: np.sin(x) * np.cos(2 * y) + x**2,
        lambda x, y: [np.cos(x) * np.cos(2 * y) + 2 * x, -2 * np.sin(x) * np.sin(2 * y)],
        window=[(-2, 2), (-1, 1)],
        name="egg",
    )
    assert repr(egg) == "Surface(egg, 2 parameters)"
    x, y = 0.7, -0.4
    s, c, s2, c2 = math.sin(x), math.cos(x), math.sin(2 * y), math.cos(2 * y)
    expected = [[2 - s * c2, -2 * c * s2], [-2 * c * s2, -4 * s * c2]]
    np.testing.assert_allclose(egg.hessian([[x, y]]), expected, rtol=1e-9)
    assert gradient_descent(egg, [[1.0, 0.1]], 0.1, 300).status == Status.CONVERGED
    np.testing.assert_allclose(egg.jacobian(egg.minimizer()), 0, atol=1e-9)


@pytest.mark.parametrize("name", ["rosenbrock", "himmelblau", "bumpy 2-D", "double well 1-D"])
def test_numeric_hessian_has_nine_digits(name):
    known = ALL[name]
    unknown = Surface(*formulas(known), window=known.window)
    low, high = known.window.T
    theta = np.random.default_rng(3).uniform(low, high, (20, *known.shape))
    H = known.hessian(theta)
    np.testing.assert_allclose(unknown.hessian(theta), H, atol=1e-8 * np.abs(H).max())


def test_formulas_for_one_point_and_for_arrays_give_the_same():
    window = [(-2, 2), (-2, 2)]
    for_arrays = Surface(
        lambda x, y: np.exp(x) + np.abs(y), lambda x, y: (np.exp(x), np.sign(y)), window=window
    )
    for_one = Surface(
        lambda x, y: math.exp(x) + (y if y > 0 else -y),
        lambda x, y: np.array([math.exp(x), 1 if y > 0 else -1]),
        window=window,
    )
    rows = Surface(  # right for one point; its rows of an array are not what they seem
        lambda x, y: np.sum([np.exp(x), np.abs(y)]),
        lambda x, y: np.stack([np.exp(x), np.sign(y)], axis=-1),
        window=window,
    )
    theta = np.random.default_rng(4).uniform(-2, 2, (2, 3, 1, 2))
    for surface in (for_one, rows):
        for method in ("loss", "jacobian", "hessian"):
            expected = getattr(for_arrays, method)(theta)
            np.testing.assert_allclose(getattr(surface, method)(theta), expected, rtol=1e-12)
    assert for_one.loss(theta[:0]).shape == (0, 3)


def test_a_formula_for_arrays_is_called_once_for_all_points():
    calls = []

    def parabola(x):
        calls.append(np.shape(x))
        return x**2

    surface = Surface(parabola, lambda x: 2 * x, window=(-1, 1))
    calls.clear()
    assert surface.loss(np.ones((4, 5, 1, 1))).shape == (4, 5)
    assert calls == [(20,)]


def test_formulas_for_one_point_that_leave_their_range_give_nan():
    steep = Surface(math.exp, math.exp, window=(-1, 1))
    np.testing.assert_array_equal(np.isnan(steep.loss([[[1.0]], [[1e4]]])), [False, True])
    log = Surface(math.log, lambda x: 1 / float(x), window=(1, 2))
    theta = [[[-1.0]], [[0.0]], [[1.0]]]
    np.testing.assert_array_equal(log.loss(theta), [math.nan, math.nan, 0])
    np.testing.assert_array_equal(log.jacobian(theta)[:, 0, 0], [-1, math.nan, 1])
    descent = gradient_descent(steep, [[1.0]], 1e3, 5)
    assert np.isfinite(descent.theta).all()  # downhill, exp only vanishes


def test_constant_derivatives_and_brackets_for_x_alone():
    ramp = Surface(lambda x, y: 2 * x - y, lambda x, y: (2, -1), window=[(0, 1), (0, 1)])
    np.testing.assert_array_equal(ramp.jacobian(np.zeros((5, 1, 2))), 5 * [[[2], [-1]]])
    assert len(ramp.minima()) == 0
    with_brackets = Surface(
        lambda x: x**2, lambda x: [2 * x], hessian=lambda x: [[2]], window=[(-1, 1)]
    )
    np.testing.assert_array_equal(with_brackets.jacobian([[[3.0]], [[1.0]]]), [[[6]], [[2]]])
    np.testing.assert_array_equal(with_brackets.hessian(np.zeros((4, 1, 1))), 4 * [[[2]]])


def test_minima_that_are_flat_on_an_inflection_or_at_the_rim():
    quartic = Surface(lambda x: (x - 0.3) ** 4, lambda x: 4 * (x - 0.3) ** 3, window=(-1, 1))
    np.testing.assert_allclose(quartic.minima(), [[[0.3]]], atol=1e-6)
    cubic = Surface(lambda x: x**3, lambda x: 3 * x**2, window=(-1, 1))
    assert len(cubic.minima()) == 0
    gutter = Surface(
        lambda x, y: x**3 + y**2,
        lambda x, y: (3 * x**2, 2 * y),
        hessian=lambda x, y: ((6 * x, 0), (0, 2)),
        window=[(-1, 1), (-1, 1)],
    )
    assert len(gutter.minima()) == 0
    bumpy = surfaces.bumpy(1)
    cut = Surface(  # Newton's method from its left rim ends on a hilltop
        *formulas(bumpy), hessian=lambda x: 0.6 - 9 * np.sin(3 * x), window=(0.2, 3.1)
    )
    np.testing.assert_allclose(cut.minima(), bumpy.minima()[3:4], rtol=1e-12)
    partly_undefined = Surface(
        lambda x: x - np.log(x), lambda x: 1 - 1 / x, hessian=lambda x: 1 / x**2, window=(-0.5, 2)
    )
    np.testing.assert_allclose(partly_undefined.minima(), [[[1]]], rtol=1e-12)
    cliff = Surface(
        lambda x, y: np.sqrt(x) + y**2,
        lambda x, y: (0.5 / np.sqrt(x), 2 * y),
        window=[(-1, 1), (-1, 1)],
    )
    assert len(cliff.minima()) == 0
    nowhere = Surface(lambda x: x * np.nan, lambda x: x * np.nan, window=(0, 1))
    assert len(nowhere.minima()) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"function": 3.0},
            r"function\(.*\) fails \(TypeError.*take 2 numbers and return 1 number",
        ),
        ({"function": lambda x: x}, r"function\(.*\) fails \(TypeError"),
        ({"function": lambda x, y: None}, r"function\(.*\) fails .* is a return missing"),
        ({"function": lambda x, y: (x, y)}, r"function\(.*\) fails .*return 1 number$"),
        ({"function": lambda x, y: 1j * x}, r"function\(.*\) fails .*real numbers"),
        ({"gradient": lambda x, y: 2 * x}, r"gradient\(.*\) fails .*return 2 numbers$"),
        ({"gradient": lambda x, y: (x, y, 0)}, r"gradient\(.*has 3 parts instead of 2"),
        ({"gradient": lambda x, y: (x, None)}, r"gradient\(.*is a return missing"),
        ({"hessian": lambda x, y: (2, 2)}, r"hessian\(.*return 2 rows of 2 numbers$"),
        ({"hessian": lambda x, y: x / 0j}, r"hessian\(.*return 2 rows of 2 numbers$"),
        ({"window": 3}, r"window has shape \(\)"),
        ({"window": [(0, 1)] * 3}, r"window has shape \(3, 2\)"),
        ({"window": [(0, 1), (1, 0)]}, "window must hold finite pairs with low < high"),
        ({"window": [(0, 1), (0, math.inf)]}, "window must hold finite pairs"),
        ({"window": "all"}, "window must be an array of real numbers"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    right = {
        "function": lambda x, y: x**2 + y**2,
        "gradient": lambda x, y: (2 * x, 2 * y),
        "hessian": lambda x, y: ((2, 0), (0, 2)),
        "window": [(-1, 1), (-1, 1)],
    }
    assert Surface(**right).loss([[1.0, 2.0]]) == 5
    with pytest.raises(ValueError, match=message):
        Surface(**{**right, **arguments})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: surfaces.bowl(3), "dims must be 1 or 2"),
        (lambda: surfaces.bumpy(0), "dims must be 1 or 2"),
        (lambda: surfaces.double_well("two"), "dims must be 1 or 2.*'two'"),
        (lambda: surfaces.bowl(curvature=0), "curvature must be positive, got 0"),
        (lambda: surfaces.ravine(0.5), "condition must be at least 1"),
        (lambda: surfaces.ravine(math.nan), "condition must be finite, got nan"),
        (lambda: surfaces.ravine([1, 2]), "condition must be a number, got an array of shape"),
        (lambda: surfaces.ravine(9, angle=math.inf), "angle must be finite, got inf"),
        (lambda: surfaces.double_well(tilt="steep"), "tilt must be a number, got 'steep'"),
        (lambda: surfaces.rosenbrock(b=-1), "b must be positive"),
        (lambda: surfaces.bowl().loss([1.0, 2.0]), r"theta has shape \(2,\).*\(..., 1, 2\)"),
        (lambda: surfaces.bowl(1).loss([[1.0, 2.0]]), r"theta has shape \(1, 2\)"),
    ],
)
def test_wrong_numbers_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
