"""The same for all lessons: data, landscape, the descent of a learning rate, its slider."""

import numpy as np
from ipywidgets import SelectionSlider

rng = np.random.default_rng(0)
x = rng.uniform(0, 2, 100)
y = 1.5 * x - 0.5 + rng.normal(0, 0.3, 100)
X_tilde = np.stack([x, np.ones(100)])
start = np.array([-1.5, 2.0])
rates = np.geomspace(0.003, 0.4, 201)  # from creeping to zigzag

W, b = np.linspace(-3, 5, 80), np.linspace(-4, 3, 80)
losses = np.mean((W[:, None] * x + b[:, None, None] - y) ** 2, axis=-1)
levels = np.geomspace(1.3 * losses.min(), losses.max(), 14)


def descend(learning_rate):
    """Return 300 steps of gradient descent: W and b, each of length 301."""
    theta = start
    path = [theta]
    for _ in range(300):
        error = theta @ X_tilde - y
        theta = theta - learning_rate * 2 * X_tilde @ error / len(y)
        path.append(theta)
    return np.array(path).T


def gauge(learning_rate):
    """Return both ends of a bar, W and b, whose length shows the learning rate."""
    along = np.log(learning_rate / rates[0]) / np.log(rates[-1] / rates[0])
    right = W[0] + (0.03 + 0.94 * along) * (W[-1] - W[0])
    return np.stack([np.full_like(right, W[0]), right], axis=-1), np.array([-3.6, -3.6])


def make_slider():
    """Return such a slider as gdviz makes for a row of numbers."""
    return SelectionSlider(
        options=[(f"{rate:.4g}", rate) for rate in rates],
        value=rates[100],
        description="learning rate",
        style={"description_width": "9em"},
        layout={"width": "min(100%, 44em)"},
    )
