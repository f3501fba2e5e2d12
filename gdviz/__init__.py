"""gdviz: interactive notebooks that teach gradient descent, and the package under them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gdviz import datasets, surfaces
from gdviz.datasets import Dataset, read_csv
from gdviz.descent import Descent, Status, gradient_descent
from gdviz.initialization import Gaussian, Uniform
from gdviz.linear import LinearRegression
from gdviz.logistic import LogisticRegression
from gdviz.optimizers import AdaGrad, Adam, Minibatches, Momentum, Nesterov, RMSProp
from gdviz.softmax import SoftmaxRegression
from gdviz.surfaces import Surface

if TYPE_CHECKING:
    from gdviz import graph
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
    from gdviz.gradient_check import GradientReport, check_gradient
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


_ROOMS = {
    "GradientReport": "gradient_check",
    "LiveFigure": "live",
    "check_gradient": "gradient_check",
    "graph": "graph",
}
"""Where names come from that are imported when they are asked for; the others from explorers."""


def __getattr__(name: str) -> Any:
    """Import matplotlib and the widgets when they are asked for: they take most of the time."""
    if name not in __all__:
        raise AttributeError(f"module 'gdviz' has no attribute {name!r}")
    room = import_module(f"gdviz.{_ROOMS.get(name, 'explorers')}")
    return room if name == "graph" else getattr(room, name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
