"""gdviz: interactive notebooks that teach gradient descent, and the package under them."""

from gdviz import datasets
from gdviz.datasets import Dataset, read_csv
from gdviz.descent import Descent, Status, gradient_descent
from gdviz.explorers import DescentExplorer, FitExplorer, StepExplorer
from gdviz.initialization import Gaussian, Uniform
from gdviz.linear import LinearRegression
from gdviz.live import LiveFigure

__version__ = "0.1.0"

__all__ = [
    "Dataset",
    "Descent",
    "DescentExplorer",
    "FitExplorer",
    "Gaussian",
    "LinearRegression",
    "LiveFigure",
    "Status",
    "StepExplorer",
    "Uniform",
    "datasets",
    "gradient_descent",
    "read_csv",
]
