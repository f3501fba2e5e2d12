"""A student's own gradient against the true one, with a diagnosis."""

from gdviz.gradient_check.check import check_gradient
from gdviz.gradient_check.report import Entry, GradientReport

__all__ = ["Entry", "GradientReport", "check_gradient"]
