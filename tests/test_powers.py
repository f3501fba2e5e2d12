"""Numbers at logarithmic axes."""

import re

import numpy as np
import pytest
from matplotlib import mathtext
from matplotlib.figure import Figure

import gdviz as gd
from gdviz.figures import write_powers

SUPERSCRIPTS = dict(zip("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789", strict=True))
RAVINE = gd.surfaces.ravine()
LINE = gd.LinearRegression(gd.datasets.line(n_samples=10))


def value(text: str) -> float:
    """Read a number such as 3×10⁻⁴."""
    factor, exponent = re.fullmatch(r"(?:(\d+)×)?10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", text).groups()
    return float(factor or 1) * 10.0 ** int("".join(SUPERSCRIPTS[digit] for digit in exponent))


@pytest.mark.parametrize("limits", [(1e-12, 1e3), (1e-3, 1e2), (0.03, 0.6), (2e4, 6e4)])
def test_a_number_stands_for_the_place_where_it_is(limits):
    axes = Figure().subplots()
    axes.set(yscale="log", ylim=limits)
    write_powers(axes.yaxis)
    axes.figure.draw_without_rendering()
    ticks = [*axes.yaxis.get_major_ticks(), *axes.yaxis.get_minor_ticks()]
    labels = {tick.get_loc(): tick.label1.get_text() for tick in ticks}
    written = {place: value(text) for place, text in labels.items() if text}
    assert len(written) >= 2
    np.testing.assert_allclose(list(written.values()), list(written))


def test_zero_on_a_scale_that_is_linear_near_it():
    axes = Figure().subplots()
    axes.set(xlim=(-200, 200))
    axes.set_xscale("symlog", linthresh=1)
    write_powers(axes.xaxis)
    axes.figure.draw_without_rendering()
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert labels == ["-10²", "-10¹", "-10⁰", "0", "10⁰", "10¹", "10²"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: gd.AutopsyExplorer(gd.surfaces.bowl(1), start=[[-2.0]], learning_rate=3.0),
        lambda: gd.DescentExplorer(RAVINE, iterations=20),
        lambda: gd.CompareLandscapesExplorer({"a": RAVINE, "b": RAVINE}, start=[[3.0, 1.0]]),
        lambda: gd.RateCurveExplorer(RAVINE, start=[[3.0, 1.0]], iterations=20),
        lambda: gd.RaceExplorer(RAVINE, iterations=20),
        lambda: gd.MinibatchExplorer(LINE, start=[[-1.0, 1.0]], iterations=20),
        lambda: gd.DifferenceExplorer(np.exp, np.exp, x=1.0),
        lambda: gd.TemperatureExplorer([2.0, 1.0], ["a", "b"]),
    ],
)
def test_no_explorer_waits_for_the_parser_of_tex(make, monkeypatch):
    def parse(*_):
        raise AssertionError("matplotlib parses TeX")

    monkeypatch.setattr(mathtext.MathTextParser, "parse", parse)
    make()
