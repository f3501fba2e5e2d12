"""What notebooks show: controls and a LiveFigure put together, one explorer per file."""

from gdviz.explorers.descent import DescentExplorer

__all__ = ["DescentExplorer"]
