"""Notebook 05 as a student uses it: logistic regression in JupyterLab."""

import math
import re

import numpy as np
import pytest

import gdviz as gd

pytestmark = pytest.mark.browser

NAME = "05_logistic_regression.ipynb"
DATA = gd.datasets.penguins("body_mass_g", "species").only("Adelie", "Gentoo").standardized()
X, Y = DATA.X[:, 0], (DATA.y == "Gentoo").astype(float)


@pytest.fixture(scope="module")
def lesson(open_notebook):
    with open_notebook(NAME) as notebook:
        notebook.run_all()
        notebook.figure("learning rate 1.5")  # the last one is there
        yield notebook


def sigma(z):
    return 1 / (1 + np.exp(-z))


def likelihood(W, b):
    p = sigma(W * X + b)
    loss = -np.mean(Y * np.log(p) + (1 - Y) * np.log(1 - p))
    return loss, np.mean((p - Y) * X), np.mean(p - Y)


def square(W, b):
    p = sigma(W * X + b)
    error = 2 * (p - Y) * p * (1 - p)
    return np.mean((p - Y) ** 2), np.mean(error * X), np.mean(error)


def loss_after(formula, start, rate, iterations):
    W, b = start
    for _ in range(iterations):
        _, dW, db = formula(W, b)
        W, b = W - rate * dW, b - rate * db
    return formula(W, b)[0]


def numbers(label):
    return [float(number) for number in re.findall(r"-?\d[\d.]*(?:e[+-]\d+)?", label)]


def test_the_logit_moves_probability_and_losses(lesson):
    figure = lesson.figure("z = -2.0")
    figure.drag(0, to=0.75)  # from -8 to 8
    z, p, slope, *_ = numbers(figure.label)
    assert z == pytest.approx(4, abs=0.2)
    assert p == pytest.approx(sigma(z), rel=6e-3)
    assert slope == pytest.approx(sigma(z) * sigma(-z), rel=6e-3)
    figure.drag(1, to=1.0)
    label = figure.wait_for_label("for y = 0 ")
    loss = float(re.search(r"likelihood is ([\d.]+)", label)[1])
    assert loss == pytest.approx(math.log(1 + math.exp(z)), rel=6e-3)


def test_the_probability_curve_descends(lesson):
    figure = lesson.figure("learning rate 10, ")
    before = figure.canvas()
    figure.locator.get_by_label("Back to the start").click()
    figure.wait_for_label("iteration 0 of 300")
    loss = float(re.search(r"loss ([\d.]+)", figure.label)[1])
    start = gd.DescentExplorer(gd.LogisticRegression(DATA), iterations=1).start[0]
    assert loss == pytest.approx(likelihood(*start)[0], rel=6e-3)
    figure.locator.get_by_label("Play").click()
    figure.wait_for_label("iteration [1-9]")
    figure.locator.get_by_label("Pause").click()
    figure.settle()
    assert (figure.canvas() != before).any()


def test_two_losses_descend_from_the_same_start(lesson):
    figure = lesson.figure("negative log-likelihood: ")
    for iteration_at, rate_at in ((0.1, 0.4), (0.5, 0.8)):
        figure.drag(0, to=rate_at)
        figure.drag(1, to=iteration_at)
        match = re.fullmatch(
            r"learning rate (\S+), iteration (\d+) of 150: negative log-likelihood: "
            r"loss (\S+), \w+; squared error: loss (\S+), \w+",
            figure.label,
        )
        rate, iteration, *losses = map(float, match.groups())
        task = gd.LogisticRegression(DATA)
        stops = gd.CompareLandscapesExplorer(
            {"a": task, "b": task}, [[-8.0, 6.0]], iterations=1
        ).learning_rate.stops
        rate = stops[np.argmin(np.abs(stops - rate))]
        for loss, formula in zip(losses, (likelihood, square)):
            expected = loss_after(formula, (-8.0, 6.0), rate, int(iteration))
            assert loss == pytest.approx(expected, rel=1e-3)


def test_clicking_a_landscape_starts_both_there(lesson):
    figure = lesson.figure("negative log-likelihood: ")
    figure.drag(1, to=0.0)
    before = figure.label
    figure.click(0.5, 0.5)  # in the squared error's
    figure.page.wait_for_function(
        "([e, before]) => e.getAttribute('aria-label') !== before",
        arg=[figure.root.element_handle(), before],
    )
    assert figure.label.startswith("learning rate")


def test_separable_data_are_called_so(lesson):
    figure = lesson.figure("learning rate 1.5, ")
    figure.drag(0, to=0.93)
    figure.drag(1, to=1.0)
    figure.wait_for_label("iteration 300 of 300: loss .*, separable$")
    assert lesson.complaints == []
