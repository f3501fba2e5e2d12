"""StepExplorer at every half step, against the lecture's loop and matplotlib's mapping."""

import numpy as np
import pytest

import gdviz as gd
from gdviz.surfaces import bowl, himmelblau, ravine

DATA = gd.datasets.penguins().standardized()
TASK = gd.LinearRegression(DATA)
START = np.array([[-1.0, 1.5]])


def mapped(axes, x, y):
    points = axes.transData.transform(np.stack(np.broadcast_arrays(x, y), axis=-1)) / 2
    return points[:, 0], 400 - points[:, 1]


def loop(task, start, learning_rate, iterations):
    theta, path, jacobians = start, [start], []
    for _ in range(iterations + 1):
        J = task.jacobian(theta)
        theta = theta - learning_rate * J.mT
        path.append(theta)
        jacobians.append(J.mT[0])
    return np.array(path[:-1])[:, 0], np.array(jacobians)


@pytest.mark.parametrize(
    ("task", "start", "learning_rate"),
    [(TASK, START, 0.3), (TASK, START, 1.2), (himmelblau(), [[0.5, 0.3]], 0.01)],
    ids=["descends", "diverges", "surface"],
)
def test_every_half_step(task, start, learning_rate):
    explorer = gd.StepExplorer(task, start, learning_rate, iterations=5)
    theta, J = loop(task, np.asarray(start, dtype=float), learning_rate, 5)
    trail, first, tips, now, pointer = explorer.scene.marks[:5]
    texts = explorer.scene.marks[5:]
    pointed = []
    assert (explorer.controls["step"].min, explorer.controls["step"].max) == (0, 10)
    for step in range(11):
        explorer.controls["step"].value = step
        position = explorer.position
        k, asked = step // 2, step % 2 == 1
        path = np.array(trail.at(position))
        moved = np.concatenate([[True], (np.diff(path) != 0).any(axis=0)])
        expected = mapped(trail.axes, *theta[: k + 1].T)
        np.testing.assert_allclose(path[:, moved], expected, rtol=0, atol=0.01)
        expected = mapped(now.axes, *theta[k : k + 1].T)
        np.testing.assert_allclose(now.at(position), expected, rtol=0, atol=0.01)
        np.testing.assert_allclose(first.at(position), mapped(now.axes, *theta[:1].T), atol=0.01)
        shaft = np.array(tips.at(position))
        if asked:
            expected = np.array(mapped(tips.axes, *theta[k : k + 2].T))
            np.testing.assert_allclose(shaft[:, :2], expected, rtol=0, atol=0.01)
        else:
            assert np.isnan(shaft[:, 1:]).all()
        title, parameters, loss, jacobian, change = (text.at(position) for text in texts)
        W, b = theta[k]
        assert parameters == f"θ = [ {W:.3f} | {b:.3f} ]"
        assert loss == f"loss L(θ) = {task.loss(theta[k][None]):.4f}"
        values, moves = J[k], -learning_rate * J[k]
        row = f"J.mT = [ {values[0]:.3f} | {values[1]:.3f} ]"
        assert jacobian == (row if asked else "")
        row = f"-ε * J.mT = [ {moves[0]:.3f} | {moves[1]:.3f} ]"
        assert change == (row if asked else "")
        meaning = "the arrow is -ε * J.mT, downhill" if asked else "θ has moved"
        assert title == f"iteration {k}: {'the start' if step == 0 else meaning}"
        assert explorer.description.startswith(title.replace(": ", ", "))
        pointed.append(float(pointer.at(position)[1][0]))
    assert len(set(pointed[1::2])) == len(set(pointed[2::2])) == 1
    assert pointed[0] < pointed[1] < pointed[2]  # down the lines of the code


def test_it_shows_its_whole_descent():
    explorer = gd.StepExplorer(TASK, START, 1.05, iterations=12)
    axes = explorer.scene.marks[0].axes
    u, v = explorer.descent.theta[:, 0].T
    assert axes.get_xlim()[0] < u.min() <= u.max() < axes.get_xlim()[1]
    assert axes.get_ylim()[0] < v.min() <= v.max() < axes.get_ylim()[1]


def test_the_code_is_the_lectures():
    explorer = gd.StepExplorer(TASK, START, 0.25)
    lines = [text.get_text() for text in explorer.scene.marks[4].axes.texts]
    assert lines == [
        "for iteration in range(n):",
        "    J = ∇L(θ)",
        "    θ = θ - ε * J.mT",
        "    # ε = 0.25",
    ]


@pytest.mark.parametrize("task", [bowl(), ravine(), himmelblau()], ids=repr)
def test_surfaces(task):
    explorer = gd.StepExplorer(task, [[0.5, 0.3]], 0.01, iterations=3)
    assert explorer.still()
    assert repr(explorer) == f"StepExplorer({task!r}, 3 iterations)"


@pytest.mark.parametrize("iterations", [0, 1, 127])
def test_lengths(iterations):
    explorer = gd.StepExplorer(TASK, START, 0.1, iterations)
    explorer.controls["step"].value = 2 * iterations
    assert explorer.description.startswith(f"iteration {iterations}, ")
    assert explorer.still()


def test_at_the_minimum_nothing_moves():
    explorer = gd.StepExplorer(TASK, TASK.minimizer(), 0.1, iterations=2)
    for step in range(5):
        explorer.controls["step"].value = step
        assert explorer.still()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((gd.LinearRegression(np.eye(3), [1, 2, 3]), [[0, 0, 0, 0]], 0.1), "task has 4 parameters"),
        ((TASK, [0, 0, 0], 0.1), r"theta has shape \(3,\)"),
        ((TASK, [START, START], 0.1), r"one start and one .*: theta has shape \(2, 1, 2\)"),
        ((TASK, START, [0.1, 0.2]), r"one start and one .* learning_rate \(2,\)"),
        ((TASK, START, -0.1), "learning_rate must be positive"),
        ((TASK, START, np.nan), "learning_rate must be positive"),
        ((TASK, START, 0.1, -1), "iterations must be a whole number, from 0 to 127, got -1"),
        ((TASK, START, 0.1, 2.5), "iterations must be a whole number"),
        ((TASK, START, 0.1, 128), "iterations must be a whole number, from 0 to 127"),
        ((TASK, START, 1e30), "the loss around theta, up to .* is too large for a picture"),
        ((TASK, START, 1e300), "the loss around theta, up to .* is too large for a picture"),
        ((TASK, [[np.nan, 0]], 0.1), "the loss around theta, up to nan"),
    ],
)
def test_wrong_input_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        gd.StepExplorer(*arguments)
