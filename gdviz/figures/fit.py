"""Samples of one or two features, under what a model makes of them."""

import numpy as np
from matplotlib.axes import Axes

from gdviz.arguments import check_kinds
from gdviz.classification import Classifier
from gdviz.datasets import Dataset
from gdviz.figures.style import CLASS_COLORS, CLASS_MARKERS, ink, label
from gdviz.task import Array

MAX_SAMPLES = 5_000
SPREAD = 0.03
"""How far samples of the same probability, 0 or 1, are moved apart."""


def draw_fit(axes: Axes, dataset: Dataset) -> None:
    """Scatter the target against the one feature; the first 5,000 samples at most."""
    check_kinds(axes=(axes, Axes), dataset=(dataset, Dataset))
    x, y = dataset.X[:MAX_SAMPLES, 0], dataset.y[:MAX_SAMPLES].astype(float)
    axes.scatter(x, y, s=14, color="0.35", alpha=0.7, linewidths=0)
    _set_limits(axes, x, y)
    shown = "" if len(dataset.X) <= MAX_SAMPLES else f" (first {MAX_SAMPLES} samples)"
    label(axes, x=dataset.feature_names[0], y=dataset.target_name, title=f"Data and fit{shown}")


def draw_probabilities(axes: Axes, task: Classifier) -> None:
    """Scatter the labels of the first 5,000 samples of one feature, as probabilities 0 and 1.

    With two classes, a sample is at 1 if it is of the second. With more, all are at the bottom,
    for each class has a probability of its own.
    """
    check_kinds(axes=(axes, Axes), task=(task, Classifier))
    n_classes = len(task.classes)
    x, labels = task.dataset.X[:MAX_SAMPLES, 0], task.labels[:MAX_SAMPLES]
    height = labels.astype(float) if n_classes == 2 else np.zeros(len(x))
    apart = SPREAD * np.random.default_rng(0).uniform(-1, 1, len(x))
    _scatter_classes(axes, task, x, height + apart)
    _set_limits(axes, x, height)
    axes.set_ylim(-0.08, 1.08)
    axes.set_yticks([0, 0.5, 1])
    axes.axhline(0.5, color="0.85", linewidth=1, zorder=0)
    of = str(task.classes[1]) if n_classes == 2 else "each class"
    label(axes, x=task.dataset.feature_names[0], y=f"probability of {of}")


def draw_classes(axes: Axes, task: Classifier) -> None:
    """Scatter samples of two features, the first 5,000, in the colours of their classes."""
    check_kinds(axes=(axes, Axes), task=(task, Classifier))
    if task.n_features != 2:
        raise ValueError(f"task must have two features to be drawn, got {task.n_features}")
    x, y = task.dataset.X[:MAX_SAMPLES].T
    _scatter_classes(axes, task, x, y)
    _set_limits(axes, x, y)
    names = task.dataset.feature_names
    label(axes, x=names[0], y=names[1])


def class_color(code: int) -> str:
    """Return the colour of the class of this place in ``task.classes``."""
    return CLASS_COLORS[code % len(CLASS_COLORS)]


def _scatter_classes(axes: Axes, task: Classifier, x: Array, y: Array) -> None:
    labels = task.labels[:MAX_SAMPLES]
    for code, name in enumerate(task.classes):
        mine = labels == code
        axes.scatter(
            *(x[mine], y[mine]),
            s=16,
            color=class_color(code),
            marker=CLASS_MARKERS[code % len(CLASS_MARKERS)],
            edgecolors=ink(class_color(code)),
            linewidths=0.6,
            alpha=0.8,
            label=name,
        )
    # In the title's place, where it hides no sample.
    legend = axes.legend(
        loc="lower left",
        bbox_to_anchor=(-0.06, 0.985),
        ncols=len(task.classes),
        fontsize=9.5,
        markerscale=1.6,
        frameon=False,
        handletextpad=0,
        columnspacing=0.4,
        borderpad=0.1,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def _set_limits(axes: Axes, x: Array, y: Array) -> None:
    for set_limits, values in ((axes.set_xlim, x), (axes.set_ylim, y)):
        far = np.abs(values).max()  # where axes too narrow would be the same number at both ends
        margin = max(0.05 * np.ptp(values) or 1.0, 1e-9 * far)
        set_limits(values.min() - margin, values.max() + margin)
