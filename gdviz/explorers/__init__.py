"""What notebooks show: controls and a LiveFigure put together, one explorer per file."""

from gdviz.explorers.descent import DescentExplorer
from gdviz.explorers.fit import FitExplorer
from gdviz.explorers.minibatch import MinibatchExplorer
from gdviz.explorers.race import RaceExplorer
from gdviz.explorers.step import StepExplorer

__all__ = ["DescentExplorer", "FitExplorer", "MinibatchExplorer", "RaceExplorer", "StepExplorer"]
