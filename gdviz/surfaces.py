"""Analytic landscapes over one or two parameters, to be descended and drawn like any model.

Each is a formula with its first and second derivatives, worked out by hand. A student's own
formula makes a `Surface` in the same way.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from gdviz.arguments import as_floats, as_number, counted, shown
from gdviz.task import Array, Task

Formula = Callable[..., Any]
"""A function of x, or of x and y."""

GRID_POINTS = 101
"""Along each parameter, where `Surface.minima` looks for places to start from."""
NEWTON_STEPS = 50
"""Four would do near most minima; flat ones (x⁴) need many, for they only come closer by thirds."""


class Surface(Task):
    """A loss given by its formulas: L(x) where θ = [x], L(x, y) where θ = [x, y].

    Parameters
    ----------
    function : callable
        ``function(x)`` or ``function(x, y)`` returns L.
    gradient : callable
        Takes the same and returns the derivative for each parameter: ``(dL/dx, dL/dy)``, or one
        number where x is alone.
    window : array_like of shape (dims, 2)
        ``(low, high)`` of each parameter in a picture; as many rows as parameters, one or two.
    hessian : callable, optional
        Takes the same and returns the second derivatives, ``dims`` rows of ``dims``. Default:
        a numeric one, central differences of ``gradient``, right to about 9 digits.
    name : str
        A title for pictures.

    Formulas may be written for arrays (NumPy) or for one point (``math``, ``if``). Which of the
    two is tried out at a few points of the window; a formula for one point is called for each,
    which is slower, and where it fails there with a math error (overflow, domain) L is NaN.

    Raises
    ------
    ValueError
        If a formula fails or returns the wrong number of values, or the window makes no sense.

    Examples
    --------
    >>> parabola = Surface(lambda x: x**2, lambda x: 2 * x, window=(-1, 1))
    >>> parabola.jacobian([[3.0]])
    array([[6.]])
    """

    def __init__(
        self,
        function: Formula,
        gradient: Formula,
        *,
        window: ArrayLike,
        hessian: Formula | None = None,
        name: str = "surface",
    ) -> None:
        if not isinstance(name, str):
            raise ValueError(f"name must be text, got {shown(name)}")
        self.name = name
        self.window = as_window(window)
        self.dims = len(self.window)
        self.shape = (1, self.dims)
        self.parameter_names = ("x", "y")[: self.dims]

        low, high = self.window.T[..., None]
        places = low + (high - low) * _TRIAL[: self.dims]
        self._function = _for_all_points("function", function, (), places)
        self._gradient = _for_all_points("gradient", gradient, (self.dims,), places)
        self._hessian = (
            self._differences_of_gradient
            if hessian is None
            else _for_all_points("hessian", hessian, (self.dims, self.dims), places)
        )

    def __repr__(self) -> str:
        return f"Surface({self.name}, {counted(self.dims, 'parameter')})"

    def loss(self, theta: ArrayLike) -> Array:
        """Return L(θ) for θ of shape ``(..., 1, dims)``; shape ``(...)``."""
        return self._evaluate(self._function, theta)

    def jacobian(self, theta: ArrayLike) -> Array:
        """Return ∇L(θ), one row per parameter: shape ``(..., dims, 1)``."""
        return self._evaluate(self._gradient, theta)[..., None]

    def hessian(self, theta: ArrayLike | None = None) -> Array:
        """Return the second derivatives at θ, shape ``(..., dims, dims)``."""
        return self._evaluate(self._hessian, theta)

    def minima(self) -> Array:
        """Return the local minima in the window, ordered by x, then y: shape ``(k, 1, dims)``.

        Newton's method sets out from every point of a grid that is as low as its neighbours.
        Where it ends is a minimum if the gradient vanishes there, no direction curves downwards
        and it is no higher than its start. One narrower than the grid, a hundredth of the
        window, may be missed.
        """
        return self._minima.copy()

    @cached_property
    @np.errstate(all="ignore")  # a formula may have no value in some places
    def _minima(self) -> Array:
        low, high = self.window.T
        lines = [np.linspace(start, stop, GRID_POINTS) for start, stop in self.window]
        grid = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1)[..., None, :]
        height = self.loss(grid)
        blocks = sliding_window_view(
            np.pad(height, 1, constant_values=np.inf), self.dims * (3,)
        ).reshape(*height.shape, -1)
        starts = grid[height <= blocks.min(axis=-1)]

        theta = starts
        for _ in range(NEWTON_STEPS):
            J, H = self.jacobian(theta), self.hessian(theta)
            theta = np.clip(theta - (np.linalg.pinv(H, hermitian=True) @ J).mT, low, high)

        # What counts as no slope, and as no difference in height across the window.
        slopes = np.linalg.norm(self.jacobian(grid), axis=(-2, -1))
        slopes = slopes[np.isfinite(slopes)]
        flat = 1e-9 * np.median(slopes) if len(slopes) else 0.0
        level = flat * (high - low).min()
        curvatures = np.linalg.eigvalsh(self.hessian(theta))
        found = theta[
            (np.linalg.norm(self.jacobian(theta), axis=(-2, -1)) <= flat)
            & (curvatures[:, 0] >= -1e-6 * np.abs(curvatures[:, -1]))
            & (self.loss(theta) <= self.loss(starts) + level)
        ]
        places = np.round((found[:, 0] - low) / (high - low), 6)
        return np.asarray(found[np.unique(places, axis=0, return_index=True)[1]])

    def minimizer(self) -> Array:
        """Return the lowest of the `minima`, the first of several: shape ``(1, dims)``.

        Raises
        ------
        ValueError
            If the window holds no minimum.
        """
        minima = self.minima()
        if not len(minima):
            raise ValueError(
                f"{self!r} has no minimum in its window {self.window.tolist()}: "
                "choose a window that holds one"
            )
        return np.asarray(minima[np.argmin(self.loss(minima).round(12))])

    @cached_property
    def least_loss(self) -> float:
        """The loss at the lowest of the `minima`; NaN without any, where no descent converges."""
        minima = self.minima()
        return float(self.loss(minima).min()) if len(minima) else np.nan

    def _evaluate(self, formula: Formula, theta: ArrayLike | None) -> Array:
        """Return ``formula`` at every θ, the batch axes in front."""
        theta = self.as_theta(theta)
        with np.errstate(all="ignore"):
            values: Array = formula(theta.reshape(-1, self.dims).T)
        return np.moveaxis(values, -1, 0).reshape((*theta.shape[:-2], *values.shape[:-1]))

    def _differences_of_gradient(self, points: Array) -> Array:
        """Return the Hessian at ``points`` of shape ``(dims, n)``: ``(dims, dims, n)``.

        A step of the cube root of float64's precision balances rounding and truncation.
        """
        width = np.ptp(self.window, axis=1, keepdims=True)
        steps = np.cbrt(np.finfo(float).eps) * np.maximum(width, np.abs(points))
        sides = steps * np.eye(self.dims)[..., None]
        H = np.stack(
            [
                (self._gradient(points + side) - self._gradient(points - side)) / (2 * step)
                for side, step in zip(sides, steps, strict=True)
            ]
        )
        return np.asarray((H + H.swapaxes(0, 1)) / 2)


def bowl(dims: Literal[1, 2] = 2, curvature: float = 2.0) -> Surface:
    """Return the round bowl, whose every descent is a straight line to 0.

    With c = ``curvature``, the same in all directions (default 2: L = ‖θ‖²)::

        L = c/2 (x² + y²)      ∂x = cx    ∂xx = c    ∂xy = 0
                               ∂y = cy    ∂yy = c

    A learning rate of 1/c arrives in one step; 2/c is the largest stable one.
    """
    _check_dims(dims)
    c = as_number("curvature", curvature)
    if c <= 0:
        raise ValueError(f"curvature must be positive, got {curvature}: a bowl curves upwards")
    if dims == 1:
        return Surface(
            lambda x: c / 2 * x**2,
            lambda x: c * x,
            hessian=lambda x: c,
            window=(-3, 3),
            name="bowl",
        )
    return Surface(
        lambda x, y: c / 2 * (x**2 + y**2),
        lambda x, y: (c * x, c * y),
        hessian=lambda x, y: ((c, 0), (0, c)),
        window=((-3, 3), (-3, 3)),
        name="bowl",
    )


def ravine(condition: float = 25.0, angle: float = 0.0) -> Surface:
    """Return a valley along x whose walls along y are κ = ``condition`` times as curved.

    κ is the condition number of the Hessian: the ratio of its largest eigenvalue to its least::

        L = ½ (x² + κy²)      ∂x = x      ∂xx = 1    ∂xy = 0
                              ∂y = κy     ∂yy = κ

    A rate small enough for the walls, 2/κ, is slow along the floor: the more so the larger κ.

    ``angle`` turns the valley by so many degrees, anticlockwise. With c and s its cosine and sine::

        L = ½ (px² + 2qxy + ry²)      ∂x = px + qy    ∂xx = p = c² + κs²    ∂xy = q = cs(1 - κ)
                                      ∂y = qx + ry    ∂yy = r = s² + κc²

    Its curvatures stay 1 and κ, but neither belongs to x or y alone any more.
    """
    κ, degrees = as_number("condition", condition), as_number("angle", angle)
    if κ < 1:
        raise ValueError(f"condition must be at least 1 (a round bowl), got {condition}")
    if degrees == 0:
        return Surface(
            lambda x, y: (x**2 + κ * y**2) / 2,
            lambda x, y: (x, κ * y),
            hessian=lambda x, y: ((1, 0), (0, κ)),
            window=((-4, 4), (-2, 2)),
            name="ravine",
        )
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    p, q, r = c**2 + κ * s**2, c * s * (1 - κ), s**2 + κ * c**2
    return Surface(
        lambda x, y: (p * x**2 + 2 * q * x * y + r * y**2) / 2,
        lambda x, y: (p * x + q * y, q * x + r * y),
        hessian=lambda x, y: ((p, q), (q, r)),
        window=((-4, 4), (-4, 4)),
        name=f"ravine turned by {degrees:g}°",
    )


def bumpy(dims: Literal[1, 2] = 2) -> Surface:
    """Return a parabola under waves: local minima of different depths, in which descents end.

    The parabola outgrows the waves, so that no descent leaves for infinity. One parameter::

        L = 1 + 0.3x² + sin 3x      dL/dx = 0.6x + 3 cos 3x      d²L/dx² = 0.6 - 9 sin 3x

    and two, with waves in two directions, u = 2x and v = x - 2y::

        L = 2 + 0.35(x² + y²) + sin u + sin v

        ∂x = 0.7x + 2 cos u + cos v      ∂xx = 0.7 - 4 sin u - sin v
        ∂y = 0.7y - 2 cos v              ∂yy = 0.7 - 4 sin v              ∂xy = 2 sin v
    """
    _check_dims(dims)
    if dims == 1:
        return Surface(
            lambda x: 1 + 0.3 * x**2 + np.sin(3 * x),
            lambda x: 0.6 * x + 3 * np.cos(3 * x),
            hessian=lambda x: 0.6 - 9 * np.sin(3 * x),
            window=(-5, 5),
            name="bumpy",
        )

    def function(x: Array, y: Array) -> Array:
        u, v = 2 * x, x - 2 * y
        return 2 + 0.35 * (x**2 + y**2) + np.sin(u) + np.sin(v)

    def gradient(x: Array, y: Array) -> tuple[Array, Array]:
        u, v = 2 * x, x - 2 * y
        return 0.7 * x + 2 * np.cos(u) + np.cos(v), 0.7 * y - 2 * np.cos(v)

    def hessian(x: Array, y: Array) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        u, v = 2 * x, x - 2 * y
        xx, xy, yy = 0.7 - 4 * np.sin(u) - np.sin(v), 2 * np.sin(v), 0.7 - 4 * np.sin(v)
        return (xx, xy), (xy, yy)

    return Surface(function, gradient, hessian=hessian, window=((-4, 4), (-4, 4)), name="bumpy")


def double_well(dims: Literal[1, 2] = 1, tilt: float = 0.3) -> Surface:
    """Return two wells with a pass between them, the left one deeper by about 2t, t = ``tilt``.

    ::

        L = (x² - 1)² + tx [+ y²]      ∂x = 4x(x² - 1) + t    ∂xx = 12x² - 4    ∂xy = 0
                                       ∂y = 2y                ∂yy = 2

    For |t| ≥ 8/√27 ≈ 1.54 the shallower well is gone: 4x(x² - 1) goes no further down or up than
    that between its turning points ±1/√3. Two parameters have a saddle point on the pass.
    """
    _check_dims(dims)
    t = as_number("tilt", tilt)
    if dims == 1:
        return Surface(
            lambda x: (x**2 - 1) ** 2 + t * x,
            lambda x: 4 * x * (x**2 - 1) + t,
            hessian=lambda x: 12 * x**2 - 4,
            window=(-2, 2),
            name="double well",
        )
    return Surface(
        lambda x, y: (x**2 - 1) ** 2 + t * x + y**2,
        lambda x, y: (4 * x * (x**2 - 1) + t, 2 * y),
        hessian=lambda x, y: ((12 * x**2 - 4, 0), (0, 2)),
        window=((-2, 2), (-2, 2)),
        name="double well",
    )


def saddle() -> Surface:
    """Return the saddle, a valley along x and a ridge along y: flat at 0, but no minimum.

    ::

        L = x² - y²      ∂x = 2x      ∂xx = 2     ∂xy = 0
                         ∂y = -2y     ∂yy = -2

    A descent from the ridge's crest, y = 0, stays there; any other falls without end.
    """
    return Surface(
        lambda x, y: x**2 - y**2,
        lambda x, y: (2 * x, -2 * y),
        hessian=lambda x, y: ((2, 0), (0, -2)),
        window=((-2, 2), (-2, 2)),
        name="saddle",
    )


def rosenbrock(a: float = 1.0, b: float = 100.0) -> Surface:
    """Return Rosenbrock's curved valley, easily entered and slowly followed to its end (a, a²).

    With w = y - x², which vanishes along the valley::

        L = (a - x)² + bw²      ∂x = -2(a - x) - 4bxw    ∂xx = 2 - 4bw + 8bx²    ∂xy = -4bx
                                ∂y = 2bw                 ∂yy = 2b

    Source: Rosenbrock (1960), The Computer Journal 3(3), 175-184.
    """
    a, b = as_number("a", a), as_number("b", b)
    if abs(a) > 1e6:
        raise ValueError(f"a must be a million at most in size, got {a:g}: the minimum is at a²")
    if b <= 0:
        raise ValueError(f"b must be positive, got {b}: it is the steepness of the valley's walls")
    return Surface(
        lambda x, y: (a - x) ** 2 + b * (y - x**2) ** 2,
        lambda x, y: (-2 * (a - x) - 4 * b * x * (y - x**2), 2 * b * (y - x**2)),
        hessian=lambda x, y: (
            (2 - 4 * b * (y - x**2) + 8 * b * x**2, -4 * b * x),
            (-4 * b * x, 2 * b),
        ),
        window=((a - 3, a + 1), (a**2 - 2, a**2 + 2)),
        name="Rosenbrock",
    )


def himmelblau() -> Surface:
    """Return Himmelblau's landscape of four minima, all 0 deep: where one starts decides.

    With u = x² + y - 11 and v = x + y² - 7, both 0 at the minima::

        L = u² + v²      ∂x = 4xu + 2v    ∂xx = 4u + 8x² + 2    ∂xy = 4x + 4y
                         ∂y = 2u + 4yv    ∂yy = 4v + 8y² + 2

    Source: Himmelblau (1972), Applied Nonlinear Programming, McGraw-Hill.
    """

    def function(x: Array, y: Array) -> Array:
        u, v = x**2 + y - 11, x + y**2 - 7
        return u**2 + v**2

    def gradient(x: Array, y: Array) -> tuple[Array, Array]:
        u, v = x**2 + y - 11, x + y**2 - 7
        return 4 * x * u + 2 * v, 2 * u + 4 * y * v

    def hessian(x: Array, y: Array) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        u, v = x**2 + y - 11, x + y**2 - 7
        xx, xy, yy = 4 * u + 8 * x**2 + 2, 4 * x + 4 * y, 4 * v + 8 * y**2 + 2
        return (xx, xy), (xy, yy)

    return Surface(
        function, gradient, hessian=hessian, window=((-5, 5), (-5, 5)), name="Himmelblau"
    )


_TRIAL = np.array([[0.13, 0.29, 0.47, 0.71, 0.93], [0.61, 0.17, 0.83, 0.37, 0.53]])
"""Where in the window formulas are tried out: scattered, so that nothing agrees by chance."""


def _for_all_points(
    argument: str, formula: Formula, shape: tuple[int, ...], places: Array
) -> Formula:
    """Return ``formula`` as a function from points ``(dims, n)`` to values ``(*shape, n)``."""

    def together(points: Array) -> Array:
        return _as_values(formula(*points), (*shape, points.shape[1]))

    def one_by_one(points: Array) -> Array:
        values = np.full((*shape, points.shape[1]), np.nan)
        for n, point in enumerate(points.T):
            try:
                value = formula(*point)
            except (ArithmeticError, ValueError):  # as math.exp(1000), math.log(-1)
                continue
            values[..., n] = _as_values(value, (*shape, 1))[..., 0]
        return values

    with np.errstate(all="ignore"):
        for point in places.T:
            arguments = ", ".join(f"{value:.3g}" for value in point)
            try:
                _as_values(formula(*point), (*shape, 1))
            except Exception as error:
                raise ValueError(
                    f"{argument}({arguments}) fails ({type(error).__name__}: {error}): it must "
                    f"take {counted(len(point), 'number')} and return "
                    + (counted(shape[0], "row") + " of " if len(shape) == 2 else "")
                    + counted(shape[-1] if shape else 1, "number")
                ) from error
        try:
            alike = np.allclose(
                together(places), one_by_one(places), rtol=1e-9, atol=0, equal_nan=True
            )
        except Exception:  # whatever a formula for one point does with an array
            alike = False
    return together if alike else one_by_one


def _as_values(values: Any, shape: tuple[int, ...]) -> Array:
    """Return ``values``, nested as the formula gave them, as ``shape``; constants are spread."""
    if values is None:
        raise ValueError("the result is None: is a return missing?")
    if len(shape) == 1 or shape[0] == 1:  # a derivative for x alone needs no brackets
        return np.broadcast_to(as_floats("the result", values), shape)
    if len(values) != shape[0]:
        raise ValueError(f"the result has {len(values)} parts instead of {shape[0]}")
    return np.stack([_as_values(value, shape[1:]) for value in values])


def as_window(window: ArrayLike, dims: tuple[int, ...] = (1, 2)) -> Array:
    """Return ``window`` as ``(low, high)`` of each of so many parameters."""
    bounds = as_floats("window", window)
    bounds = bounds[None] if bounds.ndim == 1 else bounds
    if bounds.shape not in [(count, 2) for count in dims]:
        raise ValueError(
            f"window has shape {bounds.shape}, but must be "
            f"{' or '.join(f'({count}, 2)' for count in dims)}: a pair (low, high) for each "
            "parameter"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        width = bounds[:, 1] - bounds[:, 0]
    if not (np.isfinite(width) & (width > 0)).all():
        raise ValueError(f"window must hold finite pairs with low < high, got {bounds.tolist()}")
    return bounds


def _check_dims(dims: int) -> None:
    if not isinstance(dims, (int, np.integer)) or dims not in (1, 2):
        raise ValueError(f"dims must be 1 or 2, the number of parameters, not {shown(dims)}")
