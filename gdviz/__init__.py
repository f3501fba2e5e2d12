"""gdviz: interactive notebooks that teach gradient descent, and the package under them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gdviz import datasets, graph, surfaces
from gdviz.datasets import Dataset, read_csv
from gdviz.descent import Descent, Status, gradient_descent
from gdviz.gradient_check import GradientReport, check_gradient
from gdviz.initialization import Gaussian, Uniform
from gdviz.linear import LinearRegression
from gdviz.logistic import LogisticRegression
from gdviz.optimizers import AdaGrad, Adam, Minibatches, Momentum, Nesterov, RMSProp
from gdviz.softmax import SoftmaxRegression
from gdviz.surfaces import Surface

if TYPE_CHECKING:
    from gdviz.explorers import (
        AutopsyExplorer,
        BasinsExplorer,
        CompareLandscapesExplorer,
        DescentExplorer,
        DifferenceExplorer,
        FitExplorer,
        GradientExplorer,
        GraphExplorer,
        LearningRatesExplorer,
        MinibatchExplorer,
        PullExplorer,
        RaceExplorer,
        RateCurveExplorer,
        SigmoidExplorer,
        StartsExplorer,
        StepExplorer,
        TemperatureExplorer,
    )
    from gdviz.live import LiveFigure

__version__ = "0.1.0"

__all__ = [
    "AdaGrad",
    "Adam",
    "AutopsyExplorer",
    "BasinsExplorer",
    "CompareLandscapesExplorer",
    "Dataset",
    "Descent",
    "DescentExplorer",
    "DifferenceExplorer",
    "FitExplorer",
    "Gaussian",
    "GradientExplorer",
    "GradientReport",
    "GraphExplorer",
    "LearningRatesExplorer",
    "LinearRegression",
    "LiveFigure",
    "LogisticRegression",
    "MinibatchExplorer",
    "Minibatches",
    "Momentum",
    "Nesterov",
    "PullExplorer",
    "RMSProp",
    "RaceExplorer",
    "RateCurveExplorer",
    "SigmoidExplorer",
    "SoftmaxRegression",
    "StartsExplorer",
    "Status",
    "StepExplorer",
    "Surface",
    "TemperatureExplorer",
    "Uniform",
    "check_gradient",
    "datasets",
    "gradient_descent",
    "graph",
    "read_csv",
    "surfaces",
]


def __getattr__(name: str) -> Any:
    """Import matplotlib and the widgets when they are asked for: they take most of the time."""
    if name not in __all__:
        raise AttributeError(f"module 'gdviz' has no attribute {name!r}")
    return getattr(import_module("gdviz.live" if name == "LiveFigure" else "gdviz.explorers"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
