"""What notebooks show: controls and a LiveFigure put together, one explorer per file."""

from gdviz.explorers.descent import DescentExplorer
from gdviz.explorers.difference import DifferenceExplorer
from gdviz.explorers.fit import FitExplorer
from gdviz.explorers.gradient import GradientExplorer
from gdviz.explorers.graph import GraphExplorer
from gdviz.explorers.step import StepExplorer

__all__ = [
    "DescentExplorer",
    "DifferenceExplorer",
    "FitExplorer",
    "GradientExplorer",
    "GraphExplorer",
    "StepExplorer",
]
