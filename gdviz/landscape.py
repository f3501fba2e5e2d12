"""Loss over a plane in parameter space: what a contour plot of a landscape is made of."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gdviz.arguments import as_floats, as_whole, check_size
from gdviz.surfaces import Surface, as_window
from gdviz.task import Array, Task, check_task, quiet_overflow


@dataclass(frozen=True, eq=False)
class Plane:
    """The points ``origin + u · directions[0] + v · directions[1]`` of a task's parameter space.

    With a single direction it is a line, on which u is all there is.

    Attributes
    ----------
    origin : ndarray of shape ``task.shape``
    directions : ndarray of shape ``(2, *task.shape)`` or ``(1, *task.shape)``
        At right angles, each of length 1, so that (u, v) are distances in units of θ.
    names : tuple of str, one for each direction
    """

    origin: Array
    directions: Array
    names: tuple[str, ...]

    @quiet_overflow()
    def point(self, *coordinates: ArrayLike) -> Array:
        """Return θ at the coordinates (u, v), shape ``(*broadcast(u, v), *task.shape)``."""
        if len(coordinates) != len(self.directions):
            raise ValueError(
                f"coordinates must be {len(self.directions)}, one for each direction, got "
                f"{len(coordinates)}"
            )
        numbers = [as_floats(name, values) for name, values in zip("uv", coordinates, strict=False)]
        shapes = [values.shape for values in numbers]
        try:
            batch = np.broadcast_shapes(*shapes)
        except ValueError:
            raise ValueError(f"u and v have shapes {shapes}, which do not broadcast") from None
        check_size("theta", (*batch, *self.origin.shape), "take fewer points at once")
        theta: Array = self.origin
        for values, direction in zip(numbers, self.directions, strict=True):
            theta = theta + values[..., None, None] * direction
        return theta

    @quiet_overflow()
    def coordinates(self, theta: ArrayLike) -> Array:
        """Return (u, v) of the point of the plane nearest to θ, shape ``(..., 2)``."""
        offset = self._as_points("theta", theta) - self.origin
        numbers = offset.reshape(*offset.shape[:-2], -1)
        return np.asarray(numbers @ self.directions.reshape(len(self.directions), -1).T)

    @quiet_overflow()
    def kept(self, path: ArrayLike) -> Array:
        """Return the share of a path's variance that lies within the plane: 1 if all of it.

        ``path`` has shape ``(..., iterations + 1, *task.shape)``, the answer ``(...)``.
        """
        path = self._as_points("path", path, axes=1)
        offset = path - path.mean(axis=-3, keepdims=True)
        total = np.sum(offset**2, axis=(-3, -2, -1))
        within = np.sum((self.coordinates(offset + self.origin)) ** 2, axis=(-2, -1))
        return np.where(total == 0, 1.0, within / np.where(total == 0, 1, total))

    def _as_points(self, name: str, points: ArrayLike, axes: int = 0) -> Array:
        values, shape = as_floats(name, points), self.origin.shape
        if values.shape[-2:] != shape or values.ndim < 2 + axes or 0 in values.shape[:-2]:
            inner = "iterations + 1, " * axes
            raise ValueError(
                f"{name} has shape {values.shape}, but must be (..., {inner}{shape[0]}, "
                f"{shape[1]}), with one point at least"
            )
        return values


def parameter_plane(task: Task) -> Plane:
    """Return the plane of a task's two parameters, or the line of its only one.

    Raises
    ------
    ValueError
        If the task has more parameters.
    """
    check_task(task)
    n_parameters = math.prod(task.shape)
    if n_parameters > 2:
        raise ValueError(
            f"task has {n_parameters} parameters (theta of shape {task.shape}), a landscape over "
            "its parameters has room for 2: take one feature and one output"
        )
    directions = np.eye(n_parameters).reshape(n_parameters, *task.shape)
    return Plane(np.zeros(task.shape), directions, task.parameter_names)


LARGEST = 1e250
"""The largest loss of a picture: matplotlib's contours go no further."""


def path_plane(path: ArrayLike) -> tuple[Plane, float]:
    """Return the plane that keeps most of a path's variance, and the share that it keeps.

    The two directions are the path's first principal components, the origin its last point: where
    it ended.

    Parameters
    ----------
    path : ndarray of shape ``(..., iterations + 1, n_outputs, n_features + 1)``
        One descent's θ, or several; points that are not finite are left out.

    Returns
    -------
    plane : Plane
    kept : float
        Variance within the plane, as a fraction of the path's variance: 1 where nothing is lost.

    Raises
    ------
    ValueError
        If θ has fewer than two entries, or no point is finite.

    Notes
    -----
    Principal components after Pearson (1901), of descent paths as in Li et al., "Visualizing the
    loss landscape of neural nets" (2018), section 7.
    """
    values = as_floats("path", path)
    if values.ndim < 3:
        raise ValueError(
            f"path has shape {values.shape}, but must be (..., iterations + 1, *task.shape), as "
            "descent.theta is"
        )
    shape = values.shape[-2:]
    points = values.reshape(math.prod(values.shape[:-2]), math.prod(shape))
    points = points[np.isfinite(points).all(axis=-1)]
    if points.shape[1] < 2 or len(points) == 0:
        raise ValueError(
            f"path has {len(points)} finite points of {points.shape[1]} parameters: a plane needs "
            "one point and two parameters at least"
        )
    scale = np.abs(points).max() or 1.0  # so that squares of far points stay finite
    offset = points / scale - np.mean(points / scale, axis=0)
    variances, components = np.linalg.eigh(offset.T @ offset)  # ascending
    total = variances.sum()
    kept = 1.0 if total <= 0 else float(variances[-2:].sum() / total)
    directions = components.T[:-3:-1].reshape(2, *shape)
    names = ("principal component 1", "principal component 2")
    return Plane(points[-1].reshape(shape), directions, names), kept


@dataclass(frozen=True, eq=False)
class Landscape:
    """Loss on a grid over a window of a plane, or along a line.

    Attributes
    ----------
    coordinates : ndarray of shape ``(dims, resolution)``
        Of the grid's columns, and of its rows if there are any.
    loss : ndarray of shape ``(resolution,) * dims``
        A row for each v, a column for each u.
    """

    coordinates: Array
    loss: Array


@quiet_overflow()
def landscape(task: Task, plane: Plane, window: ArrayLike, resolution: int = 120) -> Landscape:
    """Return the loss over ``window``, ``((u_min, u_max), (v_min, v_max))``, of ``plane``.

    Evaluated a row of the grid at a time, so that memory stays bounded.
    """
    check_task(task)
    dims = len(plane.directions)
    resolution = as_whole("resolution", resolution, least=2)
    check_size("the landscape", (resolution,) * dims, "choose a smaller resolution")
    grid = np.stack(
        [np.linspace(low, high, resolution) for low, high in as_window(window, (dims,))]
    )
    u, *heights = grid
    if not heights:
        return Landscape(grid, task.loss(plane.point(u)))
    return Landscape(grid, np.stack([task.loss(plane.point(u, v)) for v in heights[0]]))


@quiet_overflow()
def window_around(task: Task, plane: Plane, starts: ArrayLike) -> Array:
    """Return a window of ``plane`` in which the descents from ``starts`` can be followed.

    A `Surface` has its own. Another task's lies about its minimizer: along each axis it reaches
    three times as far as the distance at which the loss, by its curvature, climbs from its least
    value to that of θ = 0. Either is doubled until the starts fit, so that slightly different
    starts do not change the view. Without a minimizer, the starts alone decide.

    Returns
    -------
    ndarray of shape (2, 2), or (1, 2) for a line
        ``((u_min, u_max), (v_min, v_max))``.

    Raises
    ------
    ValueError
        If the loss in the window leaves the range of what can be drawn.
    """
    check_task(task)
    starts = task.as_theta(starts)
    points = plane.coordinates(starts)
    centre, radius = _home(task, plane, points)
    radius = np.where(np.isfinite(radius) & (radius > 0), radius, 1.0)
    reach = np.max(np.abs(points - centre) / radius)
    radius = radius * 2 ** np.ceil(np.log2(np.maximum(1.05 * reach, 1)))
    window = np.stack([centre - radius, centre + radius], axis=-1)
    corners = plane.point(*np.meshgrid(*window))
    if not np.isfinite(window).all() or (task.loss(corners) > LARGEST).any():
        raise ValueError(
            f"the loss around theta, up to {np.abs(starts).max():.3g} in size, is too large for a "
            "picture: take smaller numbers"
        )
    return window


def _home(task: Task, plane: Plane, points: Array) -> tuple[Array, Array]:
    """Return centre and radius of the window that is seen if all points lie in it."""
    if isinstance(task, Surface):
        return task.window.mean(axis=1), np.ptp(task.window, axis=1) / 2
    best = minimizer_of(task)
    if best is None:
        points = points.reshape(-1, len(plane.names))
        low, high = points.min(axis=0), points.max(axis=0)
        return (low + high) / 2, 0.6 * (high - low)
    flat = plane.directions.reshape(len(plane.directions), -1)
    # Far from its minimum a loss may be steeper than there, so that the picture may be smaller.
    curvature = np.maximum(*(np.diagonal(flat @ task.hessian(at) @ flat.T) for at in (best, None)))
    climb = task.loss(np.zeros(task.shape)) - task.loss(best)
    with np.errstate(divide="ignore"):
        return plane.coordinates(best), 3 * np.sqrt(2 * climb / curvature)


def minimizers_of(task: Task) -> Array | None:
    """Return all θ of least loss that are marked: a `Surface` may have several, as deep as another.

    Shape ``(k, *task.shape)``; None where there is none.
    """
    best = minimizer_of(task)
    if best is None:
        return None
    if not isinstance(task, Surface):
        return best[None]
    minima = task.minima()
    losses = task.loss(minima).round(12)
    return np.asarray(minima[losses == losses.min()])


def minimizer_of(task: Task) -> Array | None:
    """Return the task's minimizer; None where it has none."""
    check_task(task)
    try:
        return task.minimizer()
    except ValueError:
        return None
