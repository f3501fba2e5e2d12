"""A student's own local derivative against the slope of the operation."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdviz.arguments import shown
from gdviz.graph.expression import Operation, quiet
from gdviz.guarded import Outcome, as_seconds, run_guarded
from gdviz.task import Array

POINTS = np.array([-1.7, -0.6, 0.3, 1.2, 2.5])
"""The u at which derivatives are compared, where the operation is defined."""
STEP = 1e-5
TOLERANCE = 1e-6

Student = Callable[[float], Any]
"""A derivative as students write it, for one number at a time."""


@dataclass(frozen=True, repr=False)
class DerivativeReport:
    """The answer of `check_derivative`; it counts as true where the derivative is right."""

    passed: bool
    text: str

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        return self.text


def check_derivative(
    operation: Operation, derivative: Callable[[float], Any], *, seconds: float = 5.0
) -> DerivativeReport:
    """Compare a student's derivative of an operation with one operand with its slope.

    The slope is taken by central differences, so that a new operation can be checked as well as
    one of the table.

    Parameters
    ----------
    operation : Operation
        Such as ``gd.graph.sigmoid``: it takes one operand and works entry by entry.
    derivative : function of u
        Called with one number at a time. Time and output are limited: an endless loop, an error
        or a flood of lines end up in the report.
    seconds : float
        How long all calls together may take.

    Raises
    ------
    ValueError
        If an argument is not what it should be.

    Examples
    --------
    >>> from gdviz.graph import sq
    >>> check_derivative(sq, lambda u: u)
    Not yet: yours is 0.5 times the slope everywhere: a constant factor is wrong.
      at u = 0.3: yours 0.3, the slope of sq 0.6
    """
    if not isinstance(operation, Operation) or len(operation.derivatives) != 1:
        raise ValueError(
            "operation must be one with a single operand, such as gd.graph.sigmoid, got "
            f"{shown(operation)}"
        )
    if not callable(derivative):
        raise ValueError(
            f"derivative must be a function of u, got {shown(derivative)}: pass its name "
            "without parentheses"
        )
    seconds = as_seconds(seconds)
    u, slope = _slope(operation)
    outcome = _ask(derivative, u, seconds)
    report = _judge(operation, derivative, u, slope, outcome, seconds)
    if not outcome.printed:
        return report
    lines = [report.text, "It printed:", *(f"  {line}" for line in outcome.printed.splitlines())]
    return DerivativeReport(report.passed, "\n".join(lines))


def _judge(
    operation: Operation,
    derivative: Student,
    u: Array,
    slope: Array,
    outcome: Outcome,
    seconds: float,
) -> DerivativeReport:
    """Compare what the student's function gave at the points u with the slope there."""
    if outcome.timed_out:
        reason = f"no answer within {seconds:g} seconds. {outcome.where_stopped}"
        return DerivativeReport(False, f"Not yet: {reason}")
    if (error := outcome.error) is not None:
        known = isinstance(error, _NoNumberError)
        reason = str(error) if known else f"{type(error).__name__}: {error}"
        return DerivativeReport(False, f"Not yet: {reason}")
    yours = np.array(outcome.values)
    if _close(yours, slope):
        return DerivativeReport(True, f"Right: this is the derivative of {operation.name}.")
    wrong = ~np.isclose(yours, slope, rtol=TOLERANCE, atol=TOLERANCE)
    k = int(np.argmax(wrong & (u > 0))) if (wrong & (u > 0)).any() else int(np.argmax(wrong))
    return DerivativeReport(
        False,
        f"Not yet: {_cause(operation, derivative, u, yours, slope, seconds)}\n"
        f"  at u = {u[k]:g}: yours {yours[k]:.4g}, the slope of {operation.name} {slope[k]:.4g}",
    )


def _slope(operation: Operation) -> tuple[Array, Array]:
    """Return the points at which the operation is defined, and its slope there."""
    with quiet():
        ahead, behind = (operation.forward(POINTS + side * STEP) for side in (1, -1))
        slope = (np.asarray(ahead) - behind) / (2 * STEP)
    if np.shape(slope) != POINTS.shape:
        raise ValueError(f"{operation.name} does not work entry by entry: check its gradient")
    defined = np.isfinite(slope)
    return POINTS[defined], slope[defined]


def _cause(
    operation: Operation,
    derivative: Student,
    u: Array,
    yours: Array,
    slope: Array,
    seconds: float,
) -> str:
    """Return the likeliest mistake, and where to look."""
    name = operation.name
    with quiet():
        values = np.asarray(operation.forward(u))
        factor = np.sum(yours * slope) / np.sum(slope * slope)
    if _close(yours, values):
        return f"this is {name}(u) itself: how does it change when u grows a little?"
    if _close(yours, -slope):
        return f"the sign is wrong: does {name}(u) grow where u grows?"
    if np.isfinite(factor) and factor != 0 and _close(yours, factor * slope):
        return f"yours is {factor:.4g} times the slope everywhere: a constant factor is wrong."
    outcome = _ask(derivative, values, seconds)
    if len(outcome.values) == len(slope) and _close(np.array(outcome.values), slope):
        return f"right, if u were {name}(u) already: u is what {name} is taken of."
    return "write it in terms of functions whose derivative you know, and use the chain rule."


def _ask(derivative: Student, points: Array, seconds: float) -> Outcome:
    return run_guarded((_number(derivative(float(point))) for point in points), seconds)


class _NoNumberError(Exception):
    """What came back is no number."""


def _number(returned: Any) -> float:
    if returned is ...:
        raise _NoNumberError("write the derivative in place of the dots.")
    if returned is None:
        raise _NoNumberError("nothing is returned: does the function end with return?")
    try:
        return float(returned)
    except (TypeError, ValueError):
        raise _NoNumberError(f"a number should be returned, not {shown(returned)}.") from None


def _close(a: Array, b: Array) -> bool:
    return bool(np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE))
