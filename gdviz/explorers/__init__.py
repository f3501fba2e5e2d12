"""What notebooks show: controls and a LiveFigure put together, one explorer per file."""

from gdviz.explorers.compare_landscapes import CompareLandscapesExplorer
from gdviz.explorers.descent import DescentExplorer
from gdviz.explorers.fit import FitExplorer
from gdviz.explorers.pull import PullExplorer
from gdviz.explorers.sigmoid import SigmoidExplorer
from gdviz.explorers.step import StepExplorer
from gdviz.explorers.temperature import TemperatureExplorer

__all__ = [
    "CompareLandscapesExplorer",
    "DescentExplorer",
    "FitExplorer",
    "PullExplorer",
    "SigmoidExplorer",
    "StepExplorer",
    "TemperatureExplorer",
]
