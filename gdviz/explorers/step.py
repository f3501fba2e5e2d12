"""StepExplorer: the lecture's loop, one line at a time."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from gdviz.arguments import as_whole
from gdviz.descent import gradient_descent
from gdviz.explorers.arrows import arrow
from gdviz.explorers.style import ARROW, NOW, PATH, START
from gdviz.figures import draw_landscape, gdviz_style
from gdviz.landscape import landscape, minimizers_of, parameter_plane, window_around
from gdviz.live import Line, LiveFigure, Points, Text, Trail
from gdviz.task import Array, Task

CODE = (
    "for iteration in range(n):",
    "    J = ∇L(θ)",
    "    θ = θ - ε * J.mT",
)
LINE_HEIGHT = 0.085
MOST = 127
"""The longest descent: each half of a step has its own words, and a field has 256."""


class StepExplorer(LiveFigure):
    """The lecture's loop beside the landscape: first the arrow -ε ∇L(θ), then the step along it.

    Parameters
    ----------
    task : Task
        With two parameters.
    theta : array_like of shape ``task.shape``
        Where to start.
    learning_rate : float
    iterations : int

    Raises
    ------
    ValueError
        If the task does not have exactly two parameters, or an argument does not fit it.
    """

    def __init__(
        self, task: Task, theta: ArrayLike, learning_rate: float, iterations: int = 12
    ) -> None:
        self.task = task
        plane = parameter_plane(task)
        if len(plane.names) != 2:
            raise ValueError(f"task must have two parameters, got {task!r}")
        iterations = as_whole("iterations", iterations, most=MOST)
        self.descent = gradient_descent(task, theta, learning_rate, iterations)
        if self.descent.loss.ndim > 1:
            raise ValueError(
                f"one start and one learning_rate make one run: theta has shape {np.shape(theta)}, "
                f"learning_rate {np.shape(learning_rate)}"
            )
        window = window_around(task, plane, self.descent.theta)
        with gdviz_style():
            figure = Figure(figsize=(9.5, 4.0))
            on_landscape = figure.add_axes((0.075, 0.14, 0.33, 0.77))
            on_code = figure.add_axes((0.53, 0.04, 0.46, 0.9))
            draw_landscape(on_landscape, landscape(task, plane, window), plane, minimizers_of(task))
            on_code.axis("off")
            on_code.set(xlim=(0, 1), ylim=(0, 1))
            for k, code in enumerate([*CODE, f"    # ε = {learning_rate:g}"]):
                on_code.text(0.08, 1 - (k + 0.75) * LINE_HEIGHT, code, family="monospace", size=14)

        # Two positions of the slider per iteration: J is known, then θ has moved.
        steps = np.arange(2 * iterations + 1)
        now = steps // 2
        points = plane.coordinates(self.descent.theta)
        u, v = points[now].T
        asked = steps % 2 == 1
        ahead = points[np.minimum(now + 1, iterations)]
        tips = np.where(asked[:, None], ahead, np.nan)
        arrow_u, arrow_v = arrow(points[now], tips, window)
        line = np.where(steps == 0, 0, np.where(asked, 1, 2))
        J = task.jacobian(self.descent.theta)[now].reshape(-1, 2)
        words = {
            "what": ["the start", "the arrow is -ε * J.mT, downhill", "θ has moved"],
            "J": [_row("J.mT", row) if known else "" for row, known in zip(J, asked, strict=True)],
            "step": [
                _row("-ε * J.mT", -learning_rate * row) if known else ""
                for row, known in zip(J, asked, strict=True)
            ],
        }
        values = {
            "W": u,
            "b": v,
            "loss": self.descent.loss[now],
            "k": now,
            "what": line,
            "J": steps,
            "step": steps,
        }
        over = ("step",)

        def text(template: str, line: float, **style: Any) -> Text:
            place: dict[str, Any] = {"axes": on_code, "x": 0.08, "y": 1 - line * LINE_HEIGHT}
            return Text(template, values, over, words, **place, **style)

        with gdviz_style():
            super().__init__(
                figure,
                [
                    Trail(on_landscape, u, v, over, **PATH),
                    Points(on_landscape, u[:1], v[:1], over, **START),
                    Line(on_landscape, arrow_u, arrow_v, over, **ARROW),
                    Points(on_landscape, u, v, over, **NOW),
                    Points(on_code, 0.04, 1 - (line + 0.55) * LINE_HEIGHT, over, **NOW),
                    text("iteration {k}: {what}", 5.2, bold=True),
                    text("θ = [ {W:.3f} | {b:.3f} ]", 6.5, size=14),
                    text("loss L(θ) = {loss:.4f}", 7.6, size=14),
                    text("{J}", 9.1, size=14),
                    text("{step}", 10.2, size=14),
                ],
                {"step": steps},
                description=Text(
                    "iteration {k}, {what}: W = {W:.3f}, b = {b:.3f}, loss {loss:.4f}",
                    values,
                    over,
                    words,
                ),
            )

    def __repr__(self) -> str:
        return f"StepExplorer({self.task!r}, {self.descent.iterations} iterations)"


def _row(name: str, row: Array) -> str:
    return f"{name} = [ {row[0]:.3f} | {row[1]:.3f} ]"
