"""What notebooks show: controls and a LiveFigure put together, one explorer per file."""

from gdviz.explorers.basins import BasinsExplorer
from gdviz.explorers.descent import DescentExplorer
from gdviz.explorers.fit import FitExplorer
from gdviz.explorers.starts import StartsExplorer
from gdviz.explorers.step import StepExplorer

__all__ = ["BasinsExplorer", "DescentExplorer", "FitExplorer", "StartsExplorer", "StepExplorer"]
