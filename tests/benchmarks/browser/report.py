"""The table of what was measured, what was wanted, and a plot."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.figure import Figure
from measure import Lesson

from gdviz.figures import COLORS, gdviz_style

FRAME = 1000 / 60
"""Milliseconds of one frame."""

Times = dict[str, list[float]]


@dataclass
class Asking:
    """gdviz's controls that ask the kernel, in the lesson and in a DescentExplorer.

    Milliseconds by control; ``playing`` is the kernel's CPU seconds per second of playing.
    """

    lesson: Times = field(default_factory=dict)
    explorer: Times = field(default_factory=dict)
    playing: float | None = None


def middle(lesson: Lesson, name: str) -> float:
    """Return the median of one number over a lesson's drags."""
    return float(np.median([getattr(drag, name) for drag in lesson.drags]))


def spread(times: Sequence[float]) -> tuple[float, float]:
    """Return median and 95th percentile."""
    return float(np.median(times)), float(np.quantile(times, 0.95))


def report(lessons: Sequence[Lesson], asking: Asking) -> str:
    """Return tables in Markdown, and each wanted figure with whether it was met."""
    lines = [
        "| | key press to paint, median (p95) | frames per second, dragging | lag after release "
        "| out of order | kernel CPU, dragging | sent per drag | Run All to first paint |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for lesson in lessons:
        median, p95 = spread(lesson.keys)
        cells = [
            lesson.label,
            f"{median:.1f} ({p95:.1f}) ms",
            f"{middle(lesson, 'frames'):.0f}",
            f"{middle(lesson, 'lag'):.0f} ms",
            f"{sum(drag.backwards for drag in lesson.drags)}" if lesson.bar else "",
            f"{100 * middle(lesson, 'cpu'):.1f} %",
            f"{middle(lesson, 'sent') / 1e3:.0f} kB",
            f"{np.median(lesson.first_paints) / 1000:.2f} s",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    kernel = [
        (where, control, *spread(times))
        for where, controls in (
            ("the same lesson", asking.lesson),
            ("DescentExplorer", asking.explorer),
        )
        for control, times in controls.items()
    ]
    if kernel:
        lines += ["", "| gdviz's controls that ask the kernel | median (p95) |", "|---|---|"]
        lines += [f"| {w}: {c} | {median:.0f} ({p95:.0f}) ms |" for w, c, median, p95 in kernel]
    by_name = {lesson.name: lesson for lesson in lessons}
    peers = [by_name[name] for name in ("ipympl", "plotly", "bqplot") if name in by_name]
    if {"live_figure", "inline", "explorer"} <= by_name.keys() and peers:
        wanted = _wanted(by_name, peers, asking, kernel)
        width = max(len(what) for what, _, _ in wanted)
        lines += ["", "Wanted:"]
        lines += [
            f"  {what:<{width}}  {'met' if met else 'MISSED':<6}  {found}"
            for what, met, found in wanted
        ]
    return "\n".join(lines)


def _wanted(
    lessons: dict[str, Lesson],
    peers: Sequence[Lesson],
    asking: Asking,
    kernel: Sequence[tuple[str, str, float, float]],
) -> list[tuple[str, bool, str]]:
    """Return for each wanted figure: what, whether it was met, what was found."""
    ours, inline = lessons["live_figure"], lessons["inline"]
    median, p95 = spread(ours.keys)
    slowest_inline = spread(inline.keys)[0]
    best = min(peers, key=lambda peer: spread(peer.keys)[0])
    best_median = spread(best.keys)[0]
    rows = [
        ("key press, p95 within a frame of 60 Hz", p95 <= FRAME, f"{p95:.1f} ms"),
        _ratio("key press, 50x below inline", slowest_inline / median, 50),
        _ratio(f"key press, 10x below the best peer ({best.label})", best_median / median, 10),
    ]
    for lesson in (ours, lessons["explorer"]):
        cpu = middle(lesson, "cpu")
        rows.append((f"kernel CPU dragging at most 6 %: {lesson.label}", cpu <= 0.06, f"{cpu:.1%}"))
    playing = asking.playing or 0.0
    rows.append(("kernel CPU playing at most 2 %", playing <= 0.02, f"{playing:.1%}"))
    first, theirs = (float(np.median(each.first_paints)) / 1000 for each in (ours, inline))
    found = f"{first:.2f} s, inline {theirs:.2f} s"
    rows.append(("first paint no later than inline's", first <= theirs, found))
    for where, control, control_median, _ in kernel:
        what = f"{where}, {control}: 2x below the best peer's slider"
        rows.append(_ratio(what, best_median / control_median, 2))
    return rows


def _ratio(what: str, ratio: float, wanted: float) -> tuple[str, bool, str]:
    return what, ratio >= wanted, f"{ratio:.1f}x"


def draw(lessons: Sequence[Lesson], path: str) -> None:
    """Draw the key presses as bars: to the median, with a line to the 95th percentile."""
    shown = [lesson for lesson in lessons if lesson.bar][::-1]
    with gdviz_style():
        figure = Figure(figsize=(9, 3.2), layout="constrained")
        axes = figure.subplots()
        for place, lesson in enumerate(shown):
            median, p95 = spread(lesson.keys)
            color = COLORS["vermillion" if lesson.name == "live_figure" else "sky blue"]
            axes.barh(place, median, 0.62, color=color)
            axes.plot([median, p95], [place, place], color="black", linewidth=1.5)
            axes.plot(p95, place, "|", color="black", markersize=12, markeredgewidth=1.5)
            axes.annotate(
                f"{median:.3g} ms", (p95, place), (8, 0), textcoords="offset points", va="center"
            )
        axes.axvline(FRAME, color="gray", linestyle="--", linewidth=1)
        axes.annotate(
            "one frame of 60 Hz",
            (FRAME, 1),
            (4, 3),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            color="dimgray",
            size=11,
        )
        axes.set(
            xlim=(0, 1.15 * max(spread(lesson.keys)[1] for lesson in shown)),
            yticks=range(len(shown)),
            yticklabels=[lesson.label for lesson in shown],
            xlabel="milliseconds from key press to paint; lines go on to the 95th percentile",
        )
        axes.tick_params(axis="y", length=0)
        figure.savefig(path, dpi=150)
