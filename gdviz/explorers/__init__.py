"""What notebooks show: controls and a LiveFigure put together, one explorer per file."""

from gdviz.explorers.autopsy import AutopsyExplorer
from gdviz.explorers.basins import BasinsExplorer
from gdviz.explorers.compare_landscapes import CompareLandscapesExplorer
from gdviz.explorers.descent import DescentExplorer
from gdviz.explorers.difference import DifferenceExplorer
from gdviz.explorers.fit import FitExplorer
from gdviz.explorers.gradient import GradientExplorer
from gdviz.explorers.graph import GraphExplorer
from gdviz.explorers.learning_rates import LearningRatesExplorer
from gdviz.explorers.minibatch import MinibatchExplorer
from gdviz.explorers.pull import PullExplorer
from gdviz.explorers.race import RaceExplorer
from gdviz.explorers.rate_curve import RateCurveExplorer
from gdviz.explorers.sigmoid import SigmoidExplorer
from gdviz.explorers.starts import StartsExplorer
from gdviz.explorers.step import StepExplorer
from gdviz.explorers.temperature import TemperatureExplorer

__all__ = [
    "AutopsyExplorer",
    "BasinsExplorer",
    "CompareLandscapesExplorer",
    "DescentExplorer",
    "DifferenceExplorer",
    "FitExplorer",
    "GradientExplorer",
    "GraphExplorer",
    "LearningRatesExplorer",
    "MinibatchExplorer",
    "PullExplorer",
    "RaceExplorer",
    "RateCurveExplorer",
    "SigmoidExplorer",
    "StartsExplorer",
    "StepExplorer",
    "TemperatureExplorer",
]
