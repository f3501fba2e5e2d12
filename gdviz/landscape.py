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

    Evaluated one row of the grid at a time, so that memory stays bounded.
    """
    u, v = (np.linspace(low, high, resolution) for low, high in as_floats("window", window))
    return Landscape(u, v, np.stack([task.loss(plane.point(u, height)) for height in v]))


def window_around(task: Task, plane: Plane, starts: Array) -> Array:
    """Return a window of ``plane`` about the minimizer that also shows all ``starts``.

    Along each axis it reaches three times as far as the distance at which the loss, by its
    curvature, climbs from its least value to that of θ = 0; doubled until the starts fit, so
    that slightly different starts do not change the view.

    Returns
    -------
    ndarray of shape (2, 2)
        ``((u_min, u_max), (v_min, v_max))``.
    """
    best = task.minimizer()
    centre = plane.coordinates(best)
    flat = plane.directions.reshape(2, -1)
    curvature = np.maximum(np.diag(flat @ task.hessian(best) @ flat.T), np.finfo(float).tiny)
    climb = task.loss(np.zeros(task.shape)) - task.loss(best)
    radius = 3 * np.sqrt(2 * climb / curvature)
    radius = np.where(np.isfinite(radius) & (radius > 0), radius, 1.0)
    reach = np.max(np.abs(plane.coordinates(starts) - centre) / radius)
    radius = radius * 2 ** np.ceil(np.log2(max(1.05 * reach, 1)))
    return np.stack([centre - radius, centre + radius], axis=-1)
