"""What each explorer costs the kernel: to be built, to answer the controls that ask it; its data.

The time of `import gdviz` is here too, beside that of what it stands on.
"""

import gc
import subprocess
import sys

import numpy as np
import pytest

import gdviz as gd
from gdviz.graph import add, matmul, sq, sub, variable

pytest.importorskip("pytest_benchmark")

LINE = gd.LinearRegression(gd.datasets.penguins().standardized())
BILL = gd.datasets.penguins(["bill_length_mm", "bill_depth_mm"], "species").standardized()
SPECIES = gd.SoftmaxRegression(BILL)
TWO = gd.LogisticRegression(
    gd.datasets.penguins("body_mass_g", "species").only("Adelie", "Gentoo").standardized()
)
BUMPY, RAVINE = gd.surfaces.bumpy(2), gd.surfaces.ravine()
W, x = variable("W", [[2.0, 1.0]]), variable("x", [1.0, 3.0])
EXPRESSION = sq(sub(variable("y", [4.0]), add(matmul(W, x), variable("b", [1.0]))))

BUILDS = {
    "Descent, line": lambda: gd.DescentExplorer(LINE),
    "Descent, curve": lambda: gd.DescentExplorer(gd.surfaces.bumpy(1)),
    "Descent, surface": lambda: gd.DescentExplorer(BUMPY),
    "Descent, probabilities": lambda: gd.DescentExplorer(TWO),
    "Descent, regions": lambda: gd.DescentExplorer(SPECIES),
    "Fit": lambda: gd.FitExplorer(LINE),
    "Step": lambda: gd.StepExplorer(LINE, [[-1.0, 1.0]], 0.15),
    "Starts, 100": lambda: gd.StartsExplorer(LINE),
    "Starts, 500": lambda: gd.StartsExplorer(BUMPY, n_starts=500),
    "Basins, curve": lambda: gd.BasinsExplorer(gd.surfaces.bumpy(1)),
    "Basins, surface": lambda: gd.BasinsExplorer(BUMPY),
    "LearningRates": lambda: gd.LearningRatesExplorer(gd.surfaces.bowl(1), start=[[-2.0]]),
    "RateCurve": lambda: gd.RateCurveExplorer(LINE),
    "Autopsy": lambda: gd.AutopsyExplorer(LINE, learning_rate=3.0, iterations=500),
    "Gradient": lambda: gd.GradientExplorer(LINE.subset(range(0, 342, 30))),
    "Difference": lambda: gd.DifferenceExplorer(np.exp, np.exp, x=1.0),
    "Sigmoid": lambda: gd.SigmoidExplorer(),
    "CompareLandscapes": lambda: gd.CompareLandscapesExplorer(
        {"a": TWO, "b": RAVINE}, start=[[-3.0, 1.0]]
    ),
    "Temperature": lambda: gd.TemperatureExplorer([2.0, 1.0, -1.0], list("abc")),
    "Pull": lambda: gd.PullExplorer(SPECIES),
    "Graph": lambda: gd.GraphExplorer(EXPRESSION),
    "Race": lambda: gd.RaceExplorer(RAVINE),
    "Minibatch": lambda: gd.MinibatchExplorer(LINE),
}


def new_sample(explorer):
    explorer.initialization.new_sample.click()


def another_start(explorer):
    explorer.start = explorer.start + 0.01


def turn(explorer):
    explorer.azimuth.value += 5


CHANGES = {
    "Descent, line: new sample": (BUILDS["Descent, line"], new_sample),
    "Descent, regions: new sample": (BUILDS["Descent, regions"], new_sample),
    "Descent, surface: turn": (BUILDS["Descent, surface"], turn),
    "Starts, 100: new sample": (BUILDS["Starts, 100"], new_sample),
    "Starts, 500: new sample": (BUILDS["Starts, 500"], new_sample),
    "Basins: click": (BUILDS["Basins, surface"], another_start),
    "CompareLandscapes: click": (BUILDS["CompareLandscapes"], another_start),
    "Race: click": (BUILDS["Race"], another_start),
}


@pytest.mark.parametrize("name", BUILDS)
def test_build(benchmark, name):
    def build():
        explorer = BUILDS[name]()
        explorer._repr_mimebundle_()
        return explorer

    explorer = build()
    assert explorer.scene.n_bytes <= 4_000_000
    total = explorer.scene.n_bytes + len(explorer.canvas.painting)
    explorer.close()
    gc.collect()
    benchmark.extra_info["what"] = f"{name} ({total / 1e6:.2f} MB)"
    benchmark.group = "explorers: built and first painted (data sent)"
    benchmark.pedantic(lambda: build().close(), rounds=3)


@pytest.mark.parametrize("name", CHANGES)
def test_change(benchmark, name):
    make, change = CHANGES[name]
    explorer = make()
    if change is turn:
        explorer.view.value = "surface"
    change(explorer)
    before = explorer.scene
    change(explorer)
    assert explorer.scene is not before
    benchmark.extra_info["what"] = name
    benchmark.group = "explorers: a change that asks the kernel"
    benchmark.pedantic(change, (explorer,), rounds=5)
    explorer.close()


@pytest.mark.parametrize("what", ["matplotlib.pyplot, ipywidgets", "gdviz"])
def test_import(benchmark, what):
    def start():
        assert subprocess.run([sys.executable, "-c", f"import {what}"]).returncode == 0

    benchmark.extra_info["what"] = f"import {what}"
    benchmark.group = "imports, with the start of Python"
    benchmark.pedantic(start, rounds=5, warmup_rounds=1)
