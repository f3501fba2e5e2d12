"""gdviz: interactive notebooks that teach gradient descent, and the package under them."""

from gdviz import datasets, graph, surfaces
from gdviz.datasets import Dataset, read_csv
from gdviz.descent import Descent, Status, gradient_descent
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
from gdviz.initialization import Gaussian, Uniform
from gdviz.linear import LinearRegression
from gdviz.live import LiveFigure
from gdviz.logistic import LogisticRegression
from gdviz.optimizers import AdaGrad, Adam, Minibatches, Momentum, Nesterov, RMSProp
from gdviz.softmax import SoftmaxRegression
from gdviz.surfaces import Surface

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
