"""Samples of one feature, under the line that a model fits to them."""

import numpy as np
from matplotlib.axes import Axes

from gdviz.datasets import Dataset
from gdviz.figures.style import label

MAX_SAMPLES = 5_000


def draw_fit(axes: Axes, dataset: Dataset) -> None:
    """Scatter the target against the one feature; the first 5,000 samples at most."""
    x, y = dataset.X[:MAX_SAMPLES, 0], dataset.y[:MAX_SAMPLES].astype(float)
    axes.scatter(x, y, s=14, color="0.45", alpha=0.6, linewidths=0)
    for set_limits, values in ((axes.set_xlim, x), (axes.set_ylim, y)):
        margin = 0.05 * np.ptp(values) or 1.0
        set_limits(values.min() - margin, values.max() + margin)
    shown = "" if len(dataset.X) <= MAX_SAMPLES else f" (first {MAX_SAMPLES} samples)"
    label(axes, x=dataset.feature_names[0], y=dataset.target_name, title=f"Data and fit{shown}")
