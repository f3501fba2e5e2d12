"""Arrows as lines that a LiveFigure can move."""

import numpy as np

from gdviz.task import Array

HEAD = 0.035
"""Length of an arrow's head, as a fraction of the window's width."""


def arrow(tails: Array, tips: Array, window: Array) -> tuple[Array, Array]:
    """Return arrows as lines of five points each: shaft, tip, and the two strokes of the head.

    Parameters
    ----------
    tails, tips : ndarray of shape ``(..., 2)``
    window : ndarray of shape ``(2, 2)``
        ``((u_min, u_max), (v_min, v_max))``, drawn as a square.

    Returns
    -------
    u, v : ndarray of shape ``(..., 5)``
    """
    size = window[:, 1] - window[:, 0]
    shaft = (tips - tails) / size
    length = np.linalg.norm(shaft, axis=-1, keepdims=True)
    back = -shaft / np.where(length > 0, length, 1) * np.minimum(HEAD, length / 2)
    turn = np.deg2rad(28)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    barbs = [tips + back @ rotation * size, tips + back @ rotation.T * size]
    points = np.stack([tails, tips, barbs[0], tips, barbs[1]], axis=-2)
    return points[..., 0], points[..., 1]


def arrows(tails: Array, tips: Array, window: Array) -> tuple[Array, Array]:
    """Return many arrows as one line with gaps.

    Parameters
    ----------
    tails, tips : ndarray of shape ``(..., n_arrows, 2)``
    window : ndarray of shape ``(2, 2)``
        As for `arrow`.

    Returns
    -------
    u, v : ndarray of shape ``(..., 6 * n_arrows)``
    """
    u, v = (with_gaps(points) for points in arrow(tails, tips, window))
    return u, v


def with_gaps(lines: Array) -> Array:
    """Return lines as one, with a NaN after each.

    Parameters
    ----------
    lines : ndarray of shape ``(..., n_lines, n_points)``

    Returns
    -------
    ndarray of shape ``(..., n_lines * (n_points + 1))``
    """
    gaps = np.full((*lines.shape[:-1], 1), np.nan)
    return np.concatenate([lines, gaps], axis=-1).reshape(*lines.shape[:-2], -1)
