"""A landscape of 200 x 200 points for each model, on 300 samples."""

import numpy as np
import pytest

from gdviz.landscape import landscape, path_plane
from gdviz.linear import LinearRegression
from gdviz.logistic import LogisticRegression
from gdviz.softmax import SoftmaxRegression

pytest.importorskip("pytest_benchmark")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 2))
LABELS = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
TASKS = [
    LinearRegression(X[:, :1], X[:, 0] + RNG.normal(size=300)),
    LogisticRegression(X[:, :1], LABELS > 0),
    SoftmaxRegression(X, LABELS),
]
WINDOW = ((-3, 3), (-3, 3))


@pytest.mark.parametrize("task", TASKS, ids=lambda task: type(task).__name__)
def test_landscape(benchmark, task):
    theta = np.random.default_rng(1).normal(size=(20, *task.shape))
    plane, _ = path_plane(theta)
    picture = landscape(task, plane, WINDOW, 200)
    corner = plane.point(3, -3)
    assert picture.loss[0, -1] == pytest.approx(float(task.loss(corner)), rel=1e-12)
    benchmark.extra_info["what"] = type(task).__name__
    benchmark.group = "landscape of 200 x 200, 300 samples"
    benchmark.pedantic(landscape, (task, plane, WINDOW, 200), rounds=9, warmup_rounds=1)
