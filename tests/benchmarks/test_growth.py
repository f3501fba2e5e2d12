"""How the time of a batch of descents grows with each of its sizes."""

import numpy as np
import pytest

from gdviz.descent import gradient_descent
from gdviz.linear import LinearRegression
from gdviz.logistic import LogisticRegression
from gdviz.softmax import SoftmaxRegression

pytest.importorskip("pytest_benchmark")

USUAL = {"runs": 20, "iterations": 20, "samples": 200, "features": 5}
MODELS = {"linear": LinearRegression, "logistic": LogisticRegression, "softmax": SoftmaxRegression}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("name", "size"),
    [
        *(("runs", size) for size in (1, 10, 100, 1_000, 10_000)),
        *(("iterations", size) for size in (1, 10, 100, 1_000)),
        *(("samples", size) for size in (10, 100, 1_000, 10_000, 100_000)),
        *(("features", size) for size in (1, 10, 100)),
    ],
)
def test_growth(benchmark, name, size, model):
    sizes = {**USUAL, name: size}
    rng = np.random.default_rng(0)
    X = rng.normal(size=(sizes["samples"], sizes["features"]))
    task = MODELS[model](X, np.arange(len(X)) % (3 if model == "softmax" else 2))
    start = rng.normal(size=(sizes["runs"], *task.shape))
    rate = task.max_stable_learning_rate() / 4
    benchmark.group = f"growth with {name}"
    benchmark.extra_info["what"] = f"{model} {size} {name}"
    descent = benchmark.pedantic(
        gradient_descent, (task, start, rate, sizes["iterations"]), rounds=5, warmup_rounds=1
    )
    assert (descent.loss[:, -1] < descent.loss[:, 0]).all()
