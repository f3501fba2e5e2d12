"""Bad input to the functions that draw on given axes: a picture, or a refusal by name."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from strategies import NEVER_NUMBERS, REFUSED, answers, fuzz, tasks

import gdviz as gd
from gdviz import figures
from gdviz.landscape import Landscape, landscape, parameter_plane

BUMPY, BOWL = gd.surfaces.bumpy(1), gd.surfaces.bowl(2)
ONE, TWO = parameter_plane(BUMPY), parameter_plane(BOWL)
PICTURE = landscape(BOWL, TWO, BOWL.window, 5)
CURVE = landscape(BUMPY, ONE, BUMPY.window, 5)
LABELS = gd.LogisticRegression([[0.0, 1.0], [1.0, 0.0], [2.0, 3.0]], [0, 1, 0])
ONE_FEATURE = gd.LogisticRegression([0.0, 1.0, 2.0], [0, 1, 0])
u = gd.graph.variable("u", 2.0)

DRAWN = {
    "draw_landscape": (PICTURE, TWO),
    "draw_relief": (PICTURE, TWO),
    "draw_surface": (PICTURE, TWO, BOWL),
    "draw_curve": (CURVE, ONE, BUMPY),
    "draw_loss": (20,),
    "draw_fit": (ONE_FEATURE.dataset,),
    "draw_probabilities": (ONE_FEATURE,),
    "draw_classes": (LABELS,),
    "draw_graph": (gd.graph.sq(u),),
}
"""What each function draws, after its axes."""


def new_axes(name="draw_loss"):
    projection = "3d" if name == "draw_surface" else None
    return Figure(figsize=(2, 2), dpi=50).add_subplot(projection=projection)


def drawn(name, *arguments):
    """Draw on new axes, and paint the figure too."""
    axes = new_axes(name)
    getattr(figures, name)(axes, *arguments)
    axes.figure.canvas.draw()
    assert np.isfinite([axes.get_xlim(), axes.get_ylim()]).all()
    return axes


def test_nothing_that_draws_is_forgotten():
    assert set(DRAWN) == {name for name in figures.__all__ if name.startswith("draw_")}


@pytest.mark.parametrize("name", DRAWN)
def test_what_is_right_is_drawn(name):
    assert drawn(name, *DRAWN[name]).get_children()


NAMES = ("axes", "landscape", "plane", "task", "dataset", "expression", "iterations")
NO_PICTURES = [bad for bad in NEVER_NUMBERS if not isinstance(bad, complex)]  # fit for a graph
NO_PICTURES += [new_axes, "x" * 10_000, 0, -1, np.nan]


@pytest.mark.parametrize("name", DRAWN)
def test_what_is_no_picture_is_refused_by_name(name):
    draw, right, axes = getattr(figures, name), DRAWN[name], new_axes(name)
    for bad in NO_PICTURES:
        assert answers(lambda: draw(bad, *right), "axes") is REFUSED  # noqa: B023
        for k in range(len(right)):
            given = [*right[:k], bad, *right[k + 1 :]]
            assert answers(lambda: draw(axes, *given), *NAMES) is REFUSED  # noqa: B023
    assert not axes.collections and not axes.lines  # noqa: PT018


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("draw_landscape", (CURVE, ONE)),
        ("draw_landscape", (PICTURE, ONE)),
        ("draw_relief", (CURVE, TWO)),
        ("draw_surface", (CURVE, ONE, BUMPY)),
        ("draw_curve", (PICTURE, TWO, BOWL)),
        ("draw_curve", (CURVE, TWO, BUMPY)),
        ("draw_classes", (ONE_FEATURE,)),
    ],
)
def test_pictures_of_other_dimensions(name, others):
    assert answers(lambda: drawn(name, *others), "landscape", "task") is REFUSED
    if name == "draw_surface":
        flat = Figure().add_subplot()
        assert answers(lambda: figures.draw_surface(flat, *DRAWN[name]), "axes") is REFUSED


@given(
    name=st.sampled_from(["draw_landscape", "draw_relief", "draw_surface", "draw_curve"]),
    loss=st.lists(
        st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 1.0, -3.0, 1e-320, 1e12, 1e249, 1e308]),
        min_size=25,
        max_size=25,
    ),
    usual=st.integers(0, 25),
)
@fuzz(12)
def test_pictures_with_holes(name, loss, usual):
    loss[:usual] = np.linspace(0, 1, usual)
    picture, *others = DRAWN[name]
    holed = Landscape(picture.coordinates, np.reshape(loss, (5, 5)))
    if name == "draw_curve":
        holed = Landscape(picture.coordinates, np.array(loss[-5:]))
    answers(lambda: drawn(name, holed, *others), "landscape")


@given(task=tasks("two features"))
@fuzz(8)
def test_odd_samples(task):
    if isinstance(task, gd.LinearRegression):
        return
    drawn("draw_classes", task)
    drawn("draw_probabilities", task)
    drawn("draw_fit", gd.Dataset(task.dataset.X, task.labels))
