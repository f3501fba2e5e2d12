"""The landscape that a DescentExplorer's descents walk on: a curve, a map, or a surface.

A ground chooses the window that it shows, paints it, and says which tracks a batch of descents
makes on it.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from mpl_toolkits.mplot3d import Axes3D
from numpy.typing import NDArray

from gdviz.descent import Descent
from gdviz.explorers.edge import half_discs, on_edge
from gdviz.explorers.style import NOW, PATH, START
from gdviz.figures import draw_curve, draw_landscape, draw_surface, loss_range
from gdviz.landscape import (
    Landscape,
    Plane,
    landscape,
    minimizers_of,
    parameter_plane,
    path_plane,
    window_around,
)
from gdviz.live import Points, Text, Track, Trail
from gdviz.surfaces import Surface
from gdviz.task import Array, Task, quiet_overflow

RESOLUTION = 60
"""Of a landscape that is computed for each start: enough for contours, a quarter of the time."""
MARGIN = 1.15
"""A window around paths, as a multiple of what they span."""


def walk(
    axes: Axes, over: Sequence[str], x: Array, y: Array, z: Array | None = None
) -> list[Track]:
    """Return what shows descents: the trail so far, a ring at the start, a disc where it stands."""
    first = None if z is None else z[..., :1]
    return [
        Trail(axes, x, y, over, z, **PATH),
        Points(axes, x[..., :1], y[..., :1], over, first, **START),
        Points(axes, x, y, over, z, **NOW),
    ]


@dataclass(frozen=True, eq=False)
class Walks:
    """A batch of descents as it lies on a ground.

    Attributes
    ----------
    batch : Descent
    points : ndarray of shape ``(*batch.loss.shape, dims)``
        Where each iteration is in the plane.
    outside : ndarray of bool, shape ``batch.loss.shape``
        Whether it is outside the window.
    edge : ndarray of shape ``(*batch.loss.shape, dims)``
        Where on the window's edge it is then to be looked for; NaN where it is not.
    """

    batch: Descent
    points: Array
    outside: NDArray[np.bool_]
    edge: Array


class Ground(ABC):
    """A landscape on an Axes of its own.

    Attributes
    ----------
    plane : Plane
        What of parameter space is shown.
    window : ndarray of shape ``(dims, 2)``
    picture : Landscape
        The loss in the window.
    follows_descents : bool
        Whether plane and window follow from the descents, or from their starts alone.
    """

    plane: Plane
    window: Array
    picture: Landscape
    follows_descents = False

    def __init__(self, axes: Axes, task: Task) -> None:
        self.axes = axes
        self.task = task

    def look_at(self, batch: Descent, draws: Array) -> bool:
        """Choose the window for a batch; return whether it is another than before.

        ``draws``, shape ``(n, *task.shape)``, are what the next starts may be.
        """
        # A surface's own window is the best picture of it; there is no need to see all draws.
        starts = batch.theta[..., 0, :, :].reshape(-1, *self.task.shape)
        if not isinstance(self.task, Surface):
            starts = np.concatenate([draws, starts])
        window = window_around(self.task, self.plane, starts)
        if hasattr(self, "window") and np.array_equal(window, self.window):
            return False
        picture = landscape(self.task, self.plane, window)
        loss_range(picture)  # refuses what cannot be drawn, while all is as it was
        self.window, self.picture = window, picture
        return True

    def walks(self, batch: Descent) -> Walks:
        """Return where a batch is on this ground."""
        points = self.plane.coordinates(batch.theta)
        return Walks(batch, points, *on_edge(points, self.window))

    @abstractmethod
    def paint(self) -> None:
        """Draw what stands still."""

    @abstractmethod
    def tracks(self, walks: Walks, over: Sequence[str]) -> list[Track]:
        """Return what shows a batch of descents; ``over`` names its axes and the iterations."""

    @abstractmethod
    def theta_at(self, x: float, y: float) -> Array:
        """Return the θ of a place in the picture."""


class Curve(Ground):
    """The loss over a single parameter."""

    def __init__(self, axes: Axes, task: Task) -> None:
        super().__init__(axes, task)
        self.plane = parameter_plane(task)

    def paint(self) -> None:
        """Draw what stands still."""
        self.axes.clear()
        draw_curve(self.axes, self.picture, self.plane, self.task, minimizers_of(self.task))

    def tracks(self, walks: Walks, over: Sequence[str]) -> list[Track]:
        """Return the descents as balls on the curve; half discs at its ends for those beyond."""
        u, (ends,) = walks.points[..., 0], self.window
        side = (u > ends[0]).astype(int)
        edge = np.where(walks.outside, ends[side], np.nan)
        height = self.picture.loss[[0, -1]][side]
        return [
            *walk(self.axes, over, u, walks.batch.loss),
            half_discs(self.axes, over, edge, height),
        ]

    def theta_at(self, x: float, y: float) -> Array:
        """Return the θ above or below which the place is."""
        return self.plane.point(x)


class Map(Ground):
    """The landscape of two parameters, seen from above."""

    def __init__(self, axes: Axes, task: Task) -> None:
        super().__init__(axes, task)
        self.plane = parameter_plane(task)

    def paint(self) -> None:
        """Draw what stands still."""
        self.axes.clear()
        draw_landscape(self.axes, self.picture, self.plane, self.minimizers())

    def tracks(self, walks: Walks, over: Sequence[str]) -> list[Track]:
        """Return the descents as paths; beyond the map's edge a half disc says where they are."""
        return [
            *walk(self.axes, over, *np.moveaxis(walks.points, -1, 0)),
            half_discs(self.axes, over, *np.moveaxis(walks.edge, -1, 0)),
        ]

    def theta_at(self, x: float, y: float) -> Array:
        """Return the θ of a place on the map."""
        return self.plane.point(x, y)

    def minimizers(self) -> Array | None:
        """Return the θ to be marked with stars, if there are any."""
        return minimizers_of(self.task)


class PathMap(Map):
    """The landscape of many parameters on the plane that keeps most of the descents.

    The plane follows from the descents whose loss never climbs above its first value; it goes
    through the end of the best of them.
    """

    follows_descents = True

    def __init__(self, axes: Axes, task: Task) -> None:
        Ground.__init__(self, axes, task)

    def look_at(self, batch: Descent, draws: Array) -> bool:
        """Lay the plane and its window by the descents; always another than before.

        Of descents from several starts the plane and the window that there are show what they
        can; the window grows so that all starts are in it.
        """
        loss = batch.loss.reshape(-1, batch.iterations + 1)
        theta = batch.theta.reshape(*loss.shape, *self.task.shape)
        if batch.loss.ndim > 2:
            plane = self.plane
            starts = plane.coordinates(theta[:, 0])
            corners = np.concatenate([starts, self.window.T])
            low, high = corners.min(axis=0), corners.max(axis=0)
            radius = np.max(high - low) / 2
        else:
            good = (loss <= loss[:, :1]).all(axis=1)
            paths = theta[good][np.argsort(-loss[good, -1], kind="stable")]
            if not len(paths):
                paths = theta[:1]
            plane, _ = path_plane(paths)
            points = plane.coordinates(paths)
            low, high = np.nanmin(points, axis=(0, 1)), np.nanmax(points, axis=(0, 1))
            radius = MARGIN * np.max(high - low) / 2 or 1.0
        centre = (low + high) / 2
        window = np.stack([centre - radius, centre + radius], axis=-1)
        picture = landscape(self.task, plane, window, RESOLUTION)
        loss_range(picture)
        self.plane, self.window, self.picture = plane, window, picture
        return True

    def paint(self) -> None:
        """Draw what stands still; above it there will stand how much the plane keeps."""
        super().paint()
        self.axes.set_title("", loc="left")
        self.axes.set_title("", loc="right")

    def tracks(self, walks: Walks, over: Sequence[str]) -> list[Track]:
        """Return the descents as they are seen in the plane, and how much of each that is."""
        with quiet_overflow():
            kept = 100 * self.plane.kept(walks.batch.theta)[..., None]
        style: dict[str, Any] = {"y": 1.04, "size": 11}
        words = Text(
            "plane keeps {kept:.1f} % of the path", {"kept": kept}, over, axes=self.axes, **style
        )
        return [*super().tracks(walks, over), words]

    def minimizers(self) -> Array | None:
        """Return it only where it is in the plane, or so near that the eye could not tell."""
        best = super().minimizers()
        if best is None:
            return None
        beside = best - self.plane.point(*self.plane.coordinates(best).T)
        return best if np.linalg.norm(beside) < 0.01 * np.ptp(self.window) else None


class Relief:
    """The landscape of a `Map` as a surface, with the descents lying on it."""

    def __init__(self, axes: Axes3D, ground: Map) -> None:
        self.axes = axes
        self.ground = ground

    def turn(self, azimuth: float, elevation: float) -> None:
        """Look from another direction, in degrees."""
        self.axes.view_init(azim=azimuth, elev=elevation)

    def paint(self) -> None:
        """Draw what stands still."""
        self.axes.clear()
        ground = self.ground
        draw_surface(self.axes, ground.picture, ground.plane, ground.task, ground.minimizers())

    def tracks(self, walks: Walks, over: Sequence[str]) -> list[Track]:
        """Return the descents; outside the surface's own box they are not shown."""
        box = np.array([self.axes.get_xlim(), self.axes.get_ylim(), self.axes.get_zlim()])
        where = np.concatenate([walks.points, walks.batch.loss[..., None]], axis=-1)
        inside = ((where >= box[:, 0]) & (where <= box[:, 1])).all(axis=-1, keepdims=True)
        return walk(self.axes, over, *np.moveaxis(np.where(inside, where, np.nan), -1, 0))
