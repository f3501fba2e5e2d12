"""Notebook 08 as a student uses it: in JupyterLab, with mouse and keyboard."""

import re

import numpy as np
import pytest

import gdviz as gd
from gdviz.explorers.race import FACTORS

pytestmark = pytest.mark.browser

RACES = 6
NUMBER = r"([\d.e+-]+)"
RACE = re.compile(
    rf"all rates times {NUMBER}, iteration (\d+) of 100, loss above the least: "
    rf"gradient descent {NUMBER}, momentum {NUMBER}, Nesterov {NUMBER}; .*"
)
BATCHES = re.compile(
    rf"batch size (\d+), learning rate {NUMBER}, draw (\d), step (\d+) of 200, epoch {NUMBER}: "
    rf"loss above the least {NUMBER}, {NUMBER} on average over the last half"
)
VERMILLION, ORANGE = (213, 94, 0), (230, 159, 0)
HESSIAN = np.array([[50.5, -49.5], [-49.5, 50.5]])


@pytest.fixture(scope="module")
def lesson(open_notebook):
    with open_notebook("08_variants.ipynb") as notebook:
        notebook.run_all()
        notebook.figure("batch size")  # the last one is there
        yield notebook


@pytest.fixture
def race(lesson):
    """Return the first race, of three."""
    yield lesson.figure("all rates times")
    assert lesson.complaints == []


@pytest.fixture(scope="module")
def reference():
    """Return the same explorer in this process, for its rates and where matplotlib puts things."""
    return gd.RaceExplorer(
        gd.surfaces.ravine(100, angle=45),
        optimizers={"gradient descent": None, "momentum": gd.Momentum(), "Nesterov": gd.Nesterov()},
    )


def roll(name: str, rate: float, iterations: int, start=(-3.36, -1.6)) -> np.ndarray:
    """Descend on the ravine by the formulas."""
    theta, v = np.array(start), np.zeros(2)
    for _ in range(iterations):
        ahead = 0.9 * rate * v if name == "Nesterov" else 0
        v = (0 if name == "gradient descent" else 0.9) * v + HESSIAN @ (theta - ahead)
        theta = theta - rate * v
    return theta - 0.9 * rate * v if name == "Nesterov" else theta


def place(reference, theta) -> np.ndarray:
    """Return where matplotlib puts a point of the landscape, as fractions from the upper left."""
    axes = reference._axes[0]
    x, y = (axes.transData - axes.figure.transFigure).transform(theta)
    return np.array([x, 1 - y])


def color_at(figure, where) -> tuple[int, ...]:
    canvas = figure.canvas()
    height, width = canvas.shape[:2]
    x, y = where
    return tuple(canvas[int(y * height), int(x * width)])


def press(figure, name: str) -> None:
    figure.locator.get_by_role("button", name=name, exact=True).click()
    figure.settle()


def read(figure) -> list[float]:
    match = RACE.fullmatch(figure.label)
    assert match, figure.label
    return [float(group) for group in match.groups()]


def test_dragging_the_rates_moves_the_race(race, reference):
    race.drag(0, to=0.7)
    race.drag(1, to=0.09)
    factor, iteration, *losses = read(race)
    factor = FACTORS[np.argmin(np.abs(FACTORS - factor))]
    assert factor > 1
    assert 5 < iteration < 13
    names = list(reference.optimizers)
    ends = [roll(n, factor * reference.learning_rates[n], int(iteration)) for n in names]
    expected = [end @ HESSIAN @ end / 2 for end in ends]
    np.testing.assert_allclose(losses, expected, rtol=0.06)
    race.drag(0, to=0.5)
    race.drag(1, to=0.2)
    _, iteration, *losses = read(race)
    ends = {n: roll(n, reference.learning_rates[n], int(iteration)) for n in names}
    assert color_at(race, place(reference, ends["Nesterov"]))[:3] == ORANGE
    press(race, "momentum")  # which Nesterov may have hidden
    assert color_at(race, place(reference, ends["momentum"]))[:3] == VERMILLION
    press(race, "all")


def test_one_alone_can_be_shown(race, reference):
    race.drag(0, to=0.5)
    race.drag(1, to=0.2)
    _, iteration, *_ = read(race)
    there = place(reference, roll("Nesterov", reference.learning_rates["Nesterov"], int(iteration)))
    assert color_at(race, there)[:3] == ORANGE
    press(race, "gradient descent")
    assert color_at(race, there)[:3] != ORANGE
    press(race, "all")
    assert color_at(race, there)[:3] == ORANGE


def test_playing_a_race(race):
    race.drag(1, to=0.0)
    race.locator.get_by_label("Play").click()
    race.wait_for_label(r"iteration [1-9]\d of 100")
    race.locator.get_by_label("Pause").click()
    race.settle()
    _, _, plain, _, nesterov = read(race)
    assert nesterov < plain


def test_clicking_the_landscape_starts_all_there(race, reference):
    race.locator.get_by_label("Back to the start").click()
    theta = np.array([2.0, 3.0])
    race.click(*place(reference, theta))
    race.wait_for_label(f"gradient descent {theta @ HESSIAN @ theta / 2:.0f}")
    _, iteration, *losses = read(race)
    assert iteration == 0
    np.testing.assert_allclose(losses, theta @ HESSIAN @ theta / 2, rtol=0.03)


@pytest.mark.parametrize("nth", range(1, RACES))
def test_every_race_follows_its_sliders(lesson, nth):
    race = lesson.figure("all rates times", nth)
    before = race.label
    race.drag(0, to=0.3)
    race.drag(1, to=0.6)
    assert race.label.startswith("all rates times 0.398, iteration ")
    assert race.label.split(":")[1] != before.split(":")[1]


def test_dragging_batch_size_and_rate(lesson):
    explorer = lesson.figure("batch size")
    data = gd.datasets.penguins().standardized()
    x, y = data.X[:, 0], data.y
    least = np.mean((np.polyval(np.polyfit(x, y, 1), x) - y) ** 2)
    for nth, to in ((0, 0.33), (1, 0.8), (2, 0.5), (3, 0.3)):
        explorer.drag(nth, to)
    match = BATCHES.fullmatch(explorer.label)
    assert match, explorer.label
    size, rate, seed, step, epoch, above, floor = (float(group) for group in match.groups())
    assert (size, rate, seed) == (5, 0.2, 1)
    rng, deck = np.random.default_rng(1), np.array([], dtype=int)
    theta, losses = np.array([-1.0, 1.0]), []
    for _ in range(201):
        losses.append(np.mean((theta[0] * x + theta[1] - y) ** 2) - least)
        deck = deck if len(deck) else rng.permutation(342)
        batch, deck = deck[:5], deck[5:]
        residual = theta @ [x[batch], np.ones(len(batch))] - y[batch]
        theta = theta - rate * 2 * np.array([np.mean(residual * x[batch]), np.mean(residual)])
    assert epoch == pytest.approx(step * 5 / 342, rel=0.01)
    assert above == pytest.approx(losses[int(step)], rel=0.06)
    assert floor == pytest.approx(np.mean(losses[100:]), rel=0.06)
    explorer.locator.get_by_label("Play").click()
    explorer.wait_for_label(rf"step (?!{step:.0f} )\d+ of 200")
    assert lesson.complaints == []
