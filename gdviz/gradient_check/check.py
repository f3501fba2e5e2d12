"""Ask a student's function for gradients, and judge them."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gdviz.arguments import Seed, as_generator
from gdviz.gradient_check.mistakes import MISTAKES, Mistake
from gdviz.gradient_check.report import Entry, Finding, GradientReport
from gdviz.gradient_check.student import (
    Answer,
    arguments_for,
    explain_error,
    kind_of,
    read_answer,
)
from gdviz.guarded import Outcome, as_seconds, run_guarded
from gdviz.linear import LinearRegression
from gdviz.surfaces import Surface
from gdviz.task import Array, DataTask, Task, quiet_overflow

POINTS = 5
"""At so many θ the gradients are compared."""
CELLS = 100
"""Into so many equal parts the window of a surface is divided: there is one θ in each."""
STEP = 1e-4
"""Of the central differences, relative to θ's usual size."""
SHOWN = 6
"""So many entries are shown."""


def check_gradient(
    student_function: Callable[..., Any], task: Task, *, seconds: float = 5.0, rng: Seed = 0
) -> GradientReport:
    """Compare a student's gradient with the true one, and say what is wrong with it.

    The function may take

    - ``(theta)``, and return an array of θ's shape ``(n_outputs, n_features + 1)`` or of the
      Jacobian's ``(n_features + 1, n_outputs)``; or
    - ``(W, b, x, y)``, by these names in any order or by other names in this one: W of shape
      ``(n_outputs, n_features)``, b ``(n_outputs,)``, x ``(n_samples, n_features)`` and y as the
      task was given it; and return ``(∇W, ∇b)``, or both in one array as above.

    Lists, columns, ∇W transposed, and for a single output or feature flat arrays and plain
    numbers do, too. Further parameters need defaults.

    It is called at five random θ, for a surface at one in each of a hundred equal parts of its
    window: what is special about it may be in one place only. An entry may be off by 1e-6
    (float32: 1e-3) of the largest value that it takes there. The function gets copies, and time
    and output are limited: an endless loop, an error or a flood of lines end up in the report.

    Parameters
    ----------
    student_function : function
    task : Task
        The problem. Its own gradient is first held against central differences of its loss.
    seconds : float
        How long all calls together may take.
    rng : int or numpy Generator
        Where the θ come from.

    Returns
    -------
    GradientReport
        True if the gradient is right. Shown in a notebook, it explains itself.

    Raises
    ------
    ValueError
        If an argument is not what it should be, or the task's own gradient is wrong.

    Examples
    --------
    >>> task = LinearRegression([0.0, 1.0, 2.0], [1.0, 3.0, 6.0])
    >>> def my_gradient(W, b, x, y):
    ...     residual = x @ W.T + b - y[:, None]
    ...     return residual.T @ x / len(x), residual.mean(axis=0)
    >>> check_gradient(my_gradient, task).diagnosis
    'half the gradient: a factor 2 is missing'
    """
    if not isinstance(task, Task):
        raise ValueError(
            f"task must be a task such as gd.LinearRegression(X, y), not {kind_of(task)}: "
            "gd.check_gradient(my_gradient, task)"
        )
    if not callable(student_function):
        raise ValueError(
            f"student_function must be a function, not {kind_of(student_function)}: pass its "
            "name without parentheses"
        )
    seconds = as_seconds(seconds)
    examination = _Examination(task, as_generator("rng", rng))
    outcome = Outcome()
    altered: set[str] = set()
    remarks: list[str] = []
    finding = None
    try:
        arguments = arguments_for(student_function, task)

        def answers() -> Iterator[Answer]:
            # The first θ comes twice: the same question deserves the same answer.
            for theta in [*examination.theta, examination.theta[0]]:
                handed, kept = arguments(theta), arguments(theta)
                returned = student_function(*handed.values())
                altered.update(key for key in kept if not np.array_equal(handed[key], kept[key]))
                yield read_answer(returned, task)

        outcome = run_guarded(answers(), seconds)
        if outcome.timed_out:
            raise Finding(f"no answer within {seconds:g} seconds", outcome.where_stopped)
        if isinstance(outcome.error, Finding):
            raise outcome.error
        if outcome.error is not None:
            given = arguments(examination.theta[0])
            raise explain_error(outcome.error, student_function, given)
        remarks += examination.judge(outcome.values)
    except Finding as found:
        finding = found
    if altered:
        remarks.append(
            f"It changes {', '.join(sorted(altered))} in place, which its caller goes on using: "
            "work on a copy."
        )
    return GradientReport(
        function=str(getattr(student_function, "__name__", "your function")),
        task=type(task).__name__,
        passed=finding is None,
        diagnosis=finding.diagnosis if finding else "",
        hint=finding.hint if finding else "",
        details=finding.details if finding else (),
        remarks=(*remarks, *outcome.warnings),
        printed=outcome.printed,
    )


class _Examination:
    """The questions (random θ), the right answers, and the verdict on the student's."""

    def __init__(self, task: Task, rng: np.random.Generator) -> None:
        self.task = task
        # Features, prediction and target should weigh alike, whatever units the data come in.
        self.size = np.ones(task.shape)
        if isinstance(task, DataTask):
            self.size /= _root_mean_square(task.X_tilde)
        if isinstance(task, LinearRegression):
            self.size *= _root_mean_square(task.y)[:, None]
        if isinstance(task, Surface):
            self.size = np.minimum(self.size, np.ptp(task.window, axis=1))
            self.theta, where = _one_in_each_cell(task.window, rng), "in the window"
        else:
            self.theta = rng.standard_normal((POINTS, *task.shape)) * self.size
            where = "near 0"
        self.right = task.jacobian(self.theta).mT
        directions = rng.standard_normal(self.theta.shape) * self.size
        expected = self.right * directions
        errors = np.array([*map(self.derivative, self.theta, directions)])
        errors -= np.sum(expected, axis=(1, 2))
        for theta, error in zip(self.theta, errors):
            if not np.isfinite(error):
                raise ValueError(
                    f"task.loss or task.jacobian of {type(task).__name__} is not finite at "
                    f"theta = {theta.tolist()}: gradients are compared at random theta {where}, "
                    "where the task must have values"
                )
        # Where a surface is level, it is so but for what a difference leaves out.
        sizes = np.sum(np.abs(expected), axis=(1, 2))
        margins = np.full_like(sizes, sizes.max()) if isinstance(task, Surface) else sizes
        for theta, error, margin in zip(self.theta, errors, 1e-4 * margins):
            if not abs(error) <= margin:
                raise ValueError(
                    f"task.jacobian of {type(task).__name__} is not the derivative of task.loss "
                    f"(central differences at theta = {theta.tolist()}): correct the task first"
                )
        self._wrong: dict[tuple[Mistake, int], Array | None] = {}
        # An entry is measured by its largest value; if it is always zero, by that of the others.
        largest = np.abs(self.right).max(axis=0)
        self.scale = np.maximum(largest, 1e-6 * np.max(largest * self.size) / self.size)

    def derivative(self, theta: Array, direction: Array) -> float:
        """Return how fast the loss grows along ``direction``, by a central difference."""
        ahead, behind = self.task.loss([theta + STEP * direction, theta - STEP * direction])
        return float(ahead - behind) / (2 * STEP)

    @quiet_overflow()
    def judge(self, answers: list[Answer]) -> list[str]:
        """Return remarks on right answers; raise the finding on wrong ones."""
        layouts = [key for key in answers[0].readings if all(key in a.readings for a in answers)]
        if not layouts:
            raise Finding(
                "the shape of the result changes from call to call",
                "The calls differed in θ alone: what does the shape depend on?",
            )
        tolerance = max(answer.tolerance for answer in answers)
        first, again = (answers[k].readings[layouts[0]] for k in (0, -1))
        if not (_close(again, first, tolerance * self.scale) | ~np.isfinite(first)).all():
            raise Finding(
                "the same θ gives another result when asked again",
                "Something outlives the call (an array outside the function that is added to?), "
                "or chance has a hand in it.",
            )
        yours = {
            layout: np.stack([answer.readings[layout] for answer in answers[:-1]])
            for layout in layouts
        }
        likeliest = yours[layouts[0]]
        for layout in layouts:
            if self.is_right(yours[layout], tolerance).all():
                fits_two = f"The shape fits two layouts; it was read as {layout}."
                return [] if layout == layouts[0] else [fits_two]
        if not np.isfinite(likeliest).all():
            raise Finding(
                f"{'NaN' if np.isnan(likeliest).any() else 'infinity'} is returned where the "
                "gradient is a number",
                "Print the steps on the way and see which is the first that is not finite: 0/0, "
                "the logarithm of 0, or an exp that overflows?",
                self.details(likeliest, tolerance),
            )
        for layout in layouts:
            if cause := self.cause(yours[layout], slice(None), tolerance):
                raise Finding(*cause, self.details(yours[layout], tolerance))
        raise self.no_single_cause(likeliest, tolerance)

    def is_right(self, yours: Array, tolerance: float) -> Any:
        return _close(yours, self.right, tolerance * self.scale)

    def cause(self, yours: Array, columns: slice, tolerance: float) -> tuple[str, str] | None:
        """Return name and hint of the mistake that gives ``yours`` in some columns of θ.

        Mistakes that differ by little (two steps of a tiny ε) are told apart by the closer fit.
        """
        closer = self.closest(yours, columns, 1e-3 * tolerance)
        return closer or self.closest(yours, columns, tolerance)

    def closest(self, yours: Array, columns: slice, tolerance: float) -> tuple[str, str] | None:
        """Return name and hint of the first mistake in the table that fits."""
        yours, right = yours[..., columns], self.right[..., columns]
        scale = self.scale[:, columns]
        for mistake in MISTAKES:
            wrong = []
            for k, mine in enumerate(yours):
                gradient = self.wrong(mistake, k)
                if gradient is None or not _agree(mine, gradient[:, columns], scale, tolerance):
                    break
                wrong.append(gradient[:, columns])
            # On some data a mistake makes no difference (a sum over one sample): not the cause.
            if len(wrong) == len(yours) and not _close(wrong, right, 10 * tolerance * scale).all():
                return mistake.name, mistake.hint
        weight = np.divide(right, scale**2, out=np.zeros_like(right), where=scale > 0)
        factor = np.sum(yours * weight) / np.sum(right * weight)
        if all(_agree(mine, factor * true, scale, tolerance) for mine, true in zip(yours, right)):
            return (
                f"everything is {factor:.4g} times what it should be",
                "One constant is wrong: collect all constant factors, from the loss and from its "
                "derivative. A learning rate is none of them.",
            )
        return None

    def wrong(self, mistake: Mistake, k: int) -> Array | None:
        """Return what the mistake gives at the k-th θ, worked out once; None if it can't happen."""
        if (mistake, k) not in self._wrong:
            applies = isinstance(self.task, mistake.models)
            gradient = mistake.gradient(self.task, self.theta[k]) if applies else None
            self._wrong[mistake, k] = gradient
        return self._wrong[mistake, k]

    def no_single_cause(self, yours: Array, tolerance: float) -> Finding:
        """Return what can be said where no mistake explains all entries."""
        details = self.details(yours, tolerance)
        if self.is_right(yours, 1e-3).all():
            return Finding(
                "right to three digits, but not to six",
                "Something rounds: float32, a constant cut short, differences with a large step?",
                details,
            )
        if isinstance(self.task, DataTask):
            diagnoses, hints = [], []
            for block, columns in (("∇W", slice(-1)), ("∇b", slice(-1, None))):
                if self.is_right(yours, tolerance)[..., columns].all():
                    diagnoses.append(f"{block} is right")
                elif cause := self.cause(yours, columns, tolerance):
                    diagnoses.append(f"{block}: {cause[0]}")
                    hints.append(cause[1])
                else:
                    diagnoses.append(f"{block} differs")
            if diagnoses != ["∇W differs", "∇b differs"]:
                hint = " ".join(hints) or "Work this part out by hand for a single sample."
                return Finding("; ".join(diagnoses), hint, details)
        worst = self.theta[self.worst(yours, tolerance)]
        place = f"at theta = {np.array2string(worst, precision=4, separator=', ')}"
        where = "for a single sample" if isinstance(self.task, DataTask) else place
        return Finding(
            "entries differ, and it is none of the common mistakes",
            f"Work your formula out by hand {where} and compare each step.",
            details,
        )

    def worst(self, yours: Array, tolerance: float) -> int:
        """Return at which θ most entries differ; of several such, where they do so by most."""
        differs = (~self.is_right(yours, tolerance)).sum(axis=(1, 2))
        off = np.nan_to_num(np.abs(yours - self.right)).max(axis=(1, 2))
        return int(np.lexsort((off, differs))[-1])

    def details(self, yours: Array, tolerance: float) -> tuple[Entry, ...]:
        """Return the first entries that differ, at the θ where they do so most."""
        k = self.worst(yours, tolerance)
        entries = []
        for row, column in np.argwhere(~self.is_right(yours, tolerance)[k])[:SHOWN]:
            direction = np.zeros(self.task.shape)
            direction[row, column] = self.size[row, column]
            slope = self.derivative(self.theta[k], direction) / self.size[row, column]
            name = f"θ[{row}, {column}]"
            if isinstance(self.task, DataTask):
                is_bias = column == self.task.n_features
                name = f"b[{row}]" if is_bias else f"W[{row}, {column}]"
            entries.append(
                Entry(name, float(yours[k, row, column]), float(self.right[k, row, column]), slope)
            )
        return tuple(entries)


def _one_in_each_cell(window: Array, rng: np.random.Generator) -> Array:
    """Return a random point of each of about a hundred equal parts of a window, as θ."""
    n_parts = round(CELLS ** (1 / len(window)))
    low, high = window.T
    corners = np.stack(np.meshgrid(*[np.arange(n_parts)] * len(window)), axis=-1)
    cells = corners.reshape(-1, len(window)) + rng.random((n_parts ** len(window), len(window)))
    return np.asarray(low + cells / n_parts * (high - low))[:, None]


def _root_mean_square(rows: Array) -> Array:
    """Return the usual size of each row's values, 1 for a row of zeros."""
    size = np.sqrt(np.mean(rows**2, axis=1))
    return np.where(size > 0, size, 1.0)


def _close(a: Any, b: Any, margin: Any) -> Any:
    return np.abs(np.asarray(a) - np.asarray(b)) <= margin


def _agree(yours: Array, wrong: Array, scale: Array, tolerance: float) -> bool:
    return bool(_close(yours, wrong, tolerance * np.maximum(scale, np.abs(wrong))).all())
