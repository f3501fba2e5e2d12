"""gdviz: interactive notebooks that teach gradient descent, and the package under them."""

from gdviz import datasets, surfaces
from gdviz.datasets import Dataset, read_csv
from gdviz.descent import Descent, Status, gradient_descent
from gdviz.explorers import (
    DescentExplorer,
    FitExplorer,
    MinibatchExplorer,
    RaceExplorer,
    StepExplorer,
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
    "Dataset",
    "Descent",
    "DescentExplorer",
    "FitExplorer",
    "Gaussian",
    "GradientReport",
    "LinearRegression",
    "LiveFigure",
    "LogisticRegression",
    "MinibatchExplorer",
    "Minibatches",
    "Momentum",
    "Nesterov",
    "RMSProp",
    "RaceExplorer",
    "SoftmaxRegression",
    "Status",
    "StepExplorer",
    "Surface",
    "Uniform",
    "check_gradient",
    "datasets",
    "gradient_descent",
    "read_csv",
    "surfaces",
]
