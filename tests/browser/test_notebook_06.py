"""Notebook 06 as a student uses it: softmax regression in JupyterLab."""

import re

import numpy as np
import pytest

import gdviz as gd

pytestmark = pytest.mark.browser

NAME = "06_softmax_regression.ipynb"
DATA = gd.datasets.penguins(["bill_length_mm", "bill_depth_mm"], "species").standardized()
CLASSES = ("Adelie", "Chinstrap", "Gentoo")
IS_CLASS = DATA.y[:, None] == CLASSES


@pytest.fixture(scope="module")
def lesson(open_notebook):
    with open_notebook(NAME) as notebook:
        notebook.run_all()
        notebook.figure("learning rate")  # the last one is there
        yield notebook


def softmax(z):
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def test_temperature_and_shift(lesson):
    figure = lesson.figure("temperature 1, ")
    for nth, to in ((0, 0.2), (1, 0.9), (0, 1.0)):
        figure.drag(nth, to=to)
        temperature, c, *p = map(float, re.findall(r"-?\d[\d.]*", figure.label))
        expected = softmax(np.array([2.0, 1.0, -1.0]) / temperature)
        np.testing.assert_allclose(p, expected, atol=6e-5)
    assert temperature == 20
    assert c > 2
    figure.drag(0, to=0.0)
    figure.wait_for_label("temperature 0.05, .* Adelie 1.0000, Chinstrap 0.0000, Gentoo 0.0000")


def test_pulls_of_every_class_follow_the_descent(lesson):
    figure = lesson.figure("class Adelie, ")
    rate = float(gd.SoftmaxRegression(DATA).max_stable_learning_rate()) / 2
    figure.locator.get_by_label("Play").click()
    figure.wait_for_label("iteration [1-9]")
    figure.locator.get_by_label("Pause").click()
    figure.settle()
    before = figure.canvas()
    for to, name in ((1.0, "Gentoo"), (0.5, "Chinstrap")):
        figure.drag(0, to=to)
        label = figure.wait_for_label(f"class {name}, ")
        iteration, loss, own, others, *step = map(float, re.findall(r"-?\d+(?:\.\d+)?", label))
        W, b = np.zeros((3, 2)), np.zeros(3)
        for _ in range(int(iteration)):
            error = softmax(DATA.X @ W.T + b) - IS_CLASS
            W, b = W - rate * error.T @ DATA.X / len(error), b - rate * error.mean(axis=0)
        p = softmax(DATA.X @ W.T + b)
        assert loss == pytest.approx(-np.mean(np.log(p[IS_CLASS])), abs=6e-5)
        pull = (IS_CLASS - p)[:, CLASSES.index(name)]
        assert own == pytest.approx(pull[pull > 0].sum() / len(p), abs=6e-4)
        assert others == pytest.approx(pull[pull < 0].sum() / len(p), abs=6e-4)
        np.testing.assert_allclose(step, [*(pull @ DATA.X / len(p)), pull.mean()], atol=6e-4)
    assert (figure.canvas() != before).any()


def test_regions_move(lesson):
    figure = lesson.figure("learning rate")
    figure.drag(1, to=0.0)
    before = figure.canvas()
    figure.locator.get_by_label("Play").click()
    figure.wait_for_label("iteration [1-9]")
    figure.locator.get_by_label("Pause").click()
    figure.settle()
    right = figure.canvas()[:, int(0.75 * before.shape[1]) :]
    assert (right != before[:, int(0.75 * before.shape[1]) :]).mean() > 0.02
    assert lesson.complaints == []
