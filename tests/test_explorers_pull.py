"""PullExplorer at every class and iteration, against the formula worked out sample by sample."""

import numpy as np
import pytest

import gdviz as gd
from gdviz.explorers.pull import MOST, SCALE

DATA = gd.datasets.penguins(["bill_length_mm", "bill_depth_mm"], "species").standardized()
TASK = gd.SoftmaxRegression(DATA)
CLASSES = ["Adelie", "Chinstrap", "Gentoo"]


def mapped(axes, points):
    points = axes.transData.transform(points) / 2
    return np.stack([points[:, 0], 430 - points[:, 1]], axis=-1)


def softmax(theta, x):
    z = np.array([W1 * x[0] + W2 * x[1] + b for W1, W2, b in theta])
    powers = np.exp(z)
    return powers / powers.sum()


def sigmoid(theta, x):
    [(W1, W2, b)] = theta
    p = 1 / (1 + np.exp(-(W1 * x[0] + W2 * x[1] + b)))
    return np.array([1 - p, p])


def strokes(mark, position):
    """Return the strokes of a broken line, shape (n, 2 ends, 2)."""
    x, y = (coordinate.astype(float) for coordinate in mark.at(position))
    points = np.stack([x, y], axis=-1).reshape(-1, 3, 2)
    points = points[~np.isnan(points[:, 0, 0])]
    assert np.isnan(points[:, 2]).any(axis=-1).all()
    return points[:, :2]


def assert_shows(explorer, model, code, iteration):
    """Strokes, arrow and numbers are those of the formula, at the iteration shown."""
    task, position, marks = explorer.task, explorer.position, explorer.scene.marks
    data = task.dataset
    theta = explorer.descent.theta[iteration]
    name = task.classes[code]
    own = data.y == name
    p = np.array([model(theta, x) for x in data.X])[:, code]
    pull = own - p
    order = np.argsort(task.labels, kind="stable")
    rank = np.argsort(order)
    others_W, others_b, own_W, own_b, arrow, *texts = marks
    for mine, on_samples, on_pulls in ((own, own_W, own_b), (~own, others_W, others_b)):
        drawn = order[mine[order]]  # class after class
        tips = data.X + SCALE * pull[:, None] * data.X
        expected = [mapped(on_samples.axes, ends[drawn]) for ends in (data.X, tips)]
        expected = np.stack(expected, axis=1)
        np.testing.assert_allclose(strokes(on_samples, position), expected, atol=0.01)
        heights = [np.stack([rank, height], axis=-1) for height in (0 * pull, pull)]
        expected = [mapped(on_pulls.axes, ends[drawn]) for ends in heights]
        expected = np.stack(expected, axis=1)
        np.testing.assert_allclose(strokes(on_pulls, position), expected, atol=0.01)

    step = np.mean(pull[:, None] * np.hstack([data.X, np.ones((len(data.X), 1))]), axis=0)
    tail, tip = np.array(arrow.at(position), dtype=float).T[:2]
    origin, along = mapped(arrow.axes, np.stack([0 * step[:2], step[:2]]))
    np.testing.assert_allclose(tail, origin, atol=0.01)
    if np.hypot(*(tip - tail)) > 5:
        cosine = (tip - tail) @ (along - origin)
        cosine /= np.hypot(*(tip - tail)) * np.hypot(*(along - origin))
        assert cosine == pytest.approx(1, abs=1e-4)
    said = [text.at(position) for text in texts]
    assert said[0] == f"class j: {name}"
    assert said[1] == f"iteration {iteration}, loss {task.loss(theta):.3f}"
    numbers = [
        float(number)
        for text in said[2:]
        for number in text.replace("=", " ").split()
        if number.lstrip("-")[0].isdigit()
    ]
    wanted = [*step, np.sum(pull[own]) / len(pull), np.sum(pull[~own]) / len(pull)]
    np.testing.assert_allclose(numbers, wanted, atol=6e-4)
    assert explorer.description.startswith(f"class {name}, iteration {iteration}: loss ")


@pytest.fixture(scope="module")
def explorer():
    return gd.PullExplorer(TASK)


@pytest.mark.parametrize("code", [0, 1, 2])
def test_every_class_at_every_fifth_iteration(explorer, code):
    explorer.choice.value = CLASSES[code]
    assert explorer.iteration.max == 60
    for iteration in range(0, 61, 5):
        explorer.iteration.value = iteration
        assert explorer.position == {"class": code, "iteration": iteration}
        assert_shows(explorer, softmax, code, iteration)


def test_the_descent_is_the_lectures_loop(explorer):
    theta = np.zeros((3, 3))
    rate = float(TASK.max_stable_learning_rate()) / 2
    for iteration in range(61):
        np.testing.assert_allclose(explorer.descent.theta[iteration], theta, atol=1e-12)
        theta = theta - rate * TASK.jacobian(theta).mT


def test_arrows_shrink_as_the_gradient_does(explorer):
    """All on one scale: the longest is 0.4 of the samples' extent."""
    arrow, axes = explorer.scene.marks[4], explorer.scene.marks[4].axes
    ratios = []
    for code in range(3):
        for iteration in (0, 1, 4, 20):
            gradient = TASK.jacobian(explorer.descent.theta[iteration]).mT[code, :2]
            ends = np.array(arrow.at({"class": code, "iteration": iteration}), dtype=float).T[:2]
            shaft = axes.transData.inverted().transform(2 * np.array([ends[1], ends[0]]) * [1, -1])
            moved = (shaft[0] - shaft[1]) * [1, 1]
            ratios.append(np.hypot(*moved) / np.hypot(*gradient))
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-3)


def test_logistic_regression_has_one_row():
    task = gd.LogisticRegression(DATA.only("Adelie", "Chinstrap"))
    explorer = gd.PullExplorer(task, learning_rate=2.0, iterations=10, start=[[0.5, -1.0, 2.0]])
    assert explorer.scene.dimensions["class"].tolist() == ["Chinstrap"]
    for iteration in range(11):
        explorer.iteration.value = iteration
        assert_shows(explorer, sigmoid, 1, iteration)
    np.testing.assert_array_equal(explorer.descent.theta[0], [[0.5, -1.0, 2.0]])


def test_raw_data_fit_into_the_window():
    raw = gd.datasets.penguins(["bill_length_mm", "body_mass_g"], "species")
    explorer = gd.PullExplorer(gd.SoftmaxRegression(raw), iterations=5)
    on_samples = explorer.scene.marks[0].axes
    (left, right), (low, high) = on_samples.get_xlim(), on_samples.get_ylim()
    assert left <= 0 < raw.X[:, 0].max() < right
    assert low <= 0 < raw.X[:, 1].max() < high
    assert explorer.still()


def test_of_many_samples_some_are_drawn_but_all_are_counted():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(5000, 2)), rng.integers(0, 4, 5000)
    task = gd.SoftmaxRegression(X, y)
    explorer = gd.PullExplorer(task, iterations=20)
    drawn = sum(len(strokes(explorer.scene.marks[k], explorer.position)) for k in (1, 3))
    assert drawn == MOST // (4 * 21) < 5000
    assert sum(map(len, explorer.scene.payload["buffers"])) < 4_000_000
    assert f"({drawn} of 5000)" in explorer.scene.marks[1].axes.get_title("left")
    step = -task.jacobian(task.as_theta(None))[:, 0]
    assert f"[ {step[0]:.3f} {step[1]:.3f} ]" in explorer.scene.marks[7].at(explorer.position)


def test_the_same_point_many_times():
    explorer = gd.PullExplorer(gd.SoftmaxRegression(np.zeros((6, 2)), [0, 1, 0, 1, 0, 1]))
    assert explorer.still()


def test_repr_is_stable(explorer):
    assert repr(explorer) == f"PullExplorer({TASK!r})"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: gd.PullExplorer(gd.datasets.penguins()), "task must be a gd.SoftmaxRegression or"),
        (lambda: gd.PullExplorer(gd.LinearRegression(np.eye(2), [1, 2])), "with two features"),
        (lambda: gd.PullExplorer(gd.LogisticRegression([1, 2], [0, 1])), "with two features"),
        (lambda: gd.PullExplorer(TASK, start=[1, 2]), r"theta has shape \(2,\)"),
        (lambda: gd.PullExplorer(TASK, start=np.zeros((2, 3, 3))), "make one descent"),
        (lambda: gd.PullExplorer(TASK, learning_rate=-1), "learning_rate must be positive"),
        (lambda: gd.PullExplorer(TASK, iterations=2.5), "iterations must be a whole number"),
    ],
)
def test_wrong_input_is_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()
