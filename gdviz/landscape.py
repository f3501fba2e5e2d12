"""Loss over a plane in parameter space: what a contour plot of a landscape is made of."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gdviz.datasets import as_floats
from gdviz.task import Array, Task, quiet_overflow


@dataclass(frozen=True, eq=False)
class Plane:
    """The points ``origin + u · directions[0] + v · directions[1]`` of a task's parameter space.

    Attributes
    ----------
    origin : ndarray of shape ``task.shape``
    directions : ndarray of shape ``(2, *task.shape)``
        At right angles, each of length 1, so that (u, v) are distances in units of θ.
    names : tuple of two str
    """

    origin: Array
    directions: Array
    names: tuple[str, str]

    def point(self, u: ArrayLike, v: ArrayLike) -> Array:
        """Return θ at the coordinates (u, v), shape ``(*broadcast(u, v), *task.shape)``."""
        u, v = as_floats("u", u)[..., None, None], as_floats("v", v)[..., None, None]
        return np.asarray(self.origin + u * self.directions[0] + v * self.directions[1])

    @quiet_overflow()
    def coordinates(self, theta: Array) -> Array:
        """Return (u, v) of the point of the plane nearest to θ, shape ``(..., 2)``."""
        offset = theta - self.origin
        return np.stack([np.sum(offset * d, axis=(-2, -1)) for d in self.directions], axis=-1)


def parameter_plane(task: Task) -> Plane:
    """Return the plane of a task's two parameters, ``W`` and ``b``.

    Raises
    ------
    ValueError
        If the task has not exactly two parameters.
    """
    if np.prod(task.shape) != 2:
        raise ValueError(
            f"task has {np.prod(task.shape)} parameters (theta of shape {task.shape}), a "
            "landscape over its parameters needs 2: take one feature and one output"
        )
    return Plane(np.zeros(task.shape), np.eye(2).reshape(2, *task.shape), ("W", "b"))


LARGEST = 1e250
"""The largest loss of a picture: matplotlib's contours go no further."""


def path_plane(path: Array) -> tuple[Plane, float]:
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
    shape = path.shape[-2:]
    points = path.reshape(-1, np.prod(shape))
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
    """Loss on a grid over a window of a plane.

    Attributes
    ----------
    u, v : ndarray of shape ``(resolution,)``
    loss : ndarray of shape ``(resolution, resolution)``
        A row for each v, a column for each u.
    """

    u: Array
    v: Array
    loss: Array


@quiet_overflow()
def landscape(task: Task, plane: Plane, window: ArrayLike, resolution: int = 120) -> Landscape:
    """Return the loss over ``window``, ``((u_min, u_max), (v_min, v_max))``, of ``plane``.

    Evaluated a row of the grid at a time, so that memory stays bounded.
    """
    u, v = (np.linspace(low, high, resolution) for low, high in as_floats("window", window))
    return Landscape(u, v, np.stack([task.loss(plane.point(u, height)) for height in v]))


@quiet_overflow()
def window_around(task: Task, plane: Plane, starts: Array) -> Array:
    """Return a window of ``plane`` about the minimizer that also shows all ``starts``.

    Along each axis it reaches three times as far as the distance at which the loss, by its
    curvature, climbs from its least value to that of θ = 0; doubled until the starts fit, so
    that slightly different starts do not change the view.

    Returns
    -------
    ndarray of shape (2, 2)
        ``((u_min, u_max), (v_min, v_max))``.

    Raises
    ------
    ValueError
        If the loss in the window leaves the range of what can be drawn.
    """
    best = task.minimizer()
    centre = plane.coordinates(best)
    flat = plane.directions.reshape(2, -1)
    curvature = np.diag(flat @ task.hessian(best) @ flat.T)
    climb = task.loss(np.zeros(task.shape)) - task.loss(best)
    with np.errstate(divide="ignore"):
        radius = 3 * np.sqrt(2 * climb / curvature)
    radius = np.where(np.isfinite(radius) & (radius > 0), radius, 1.0)
    reach = np.max(np.abs(plane.coordinates(starts) - centre) / radius)
    radius = radius * 2 ** np.ceil(np.log2(np.maximum(1.05 * reach, 1)))
    window = np.stack([centre - radius, centre + radius], axis=-1)
    corners = plane.point(window[0][:, None], window[1])
    if not np.isfinite(window).all() or (task.loss(corners) > LARGEST).any():
        raise ValueError(
            f"the loss around theta, up to {np.abs(starts).max():.3g} in size, is too large for a "
            "picture: take smaller numbers"
        )
    return window
