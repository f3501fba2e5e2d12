"""Computation graphs against central differences, PyTorch and the gradients derived by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gdviz as gd
from gdviz import graph
from gdviz.graph import (
    OPERATIONS,
    Backward,
    Forward,
    Operation,
    add,
    brief,
    check_derivative,
    div,
    entrywise,
    exp,
    gradients,
    log,
    log_sigmoid,
    logsumexp,
    matmul,
    mean,
    mul,
    neg,
    pick,
    sigmoid,
    softmax,
    sq,
    steps,
    sub,
    transpose,
    variable,
)

SEEDS = st.integers(0, 2**32 - 1)


def lecture(W=((2.0, 1.0),), x=(1.0, 3.0), b=1.0, y=4.0):
    W, x, b, y = variable("W", W), variable("x", x), variable("b", b), variable("y", y)
    return sq(sub(y, add(matmul(W, x), b)))


def differences(build, arrays, h=1e-6):
    """Return the gradients of ``build(*variables)`` by central differences, one per array."""

    def loss(*values):
        return build(*(variable(f"v{k}", value) for k, value in enumerate(values))).value.item()

    result = []
    for k, array in enumerate(arrays):
        slopes = np.zeros(np.shape(array))
        for index in np.ndindex(slopes.shape):
            step = np.zeros(slopes.shape)
            step[index] = h
            ahead, behind = (
                loss(*arrays[:k], array + side * step, *arrays[k + 1 :]) for side in (1, -1)
            )
            slopes[index] = (ahead - behind) / (2 * h)
        result.append(slopes)
    return result


def assert_agrees_with_differences(build, arrays):
    loss = build(*(variable(f"v{k}", array) for k, array in enumerate(arrays)))
    found = gradients(loss)
    for k, expected in enumerate(differences(build, arrays)):
        gradient = found[f"v{k}"]
        assert gradient.shape == np.shape(arrays[k])
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-7)


def weighted(expression, rng):
    """Return one number in which every entry of the expression has a weight of its own."""
    return graph.sum(mul(expression, rng.normal(size=expression.value.shape)))


# --- the lecture's expressions ------------------------------------------------------------------


def test_the_lectures_expression_prints_and_computes():
    loss = lecture()
    assert str(loss) == "sq(sub(y, add(matmul(W, x), b)))"
    assert repr(loss) == "sq(sub(y, add(matmul(W, x), b))) = 4"
    assert loss.value == (4 - (2 * 1 + 1 * 3 + 1)) ** 2


def test_the_lectures_gradients():
    found = gradients(lecture())
    residual = 2 * 1 + 1 * 3 + 1 - 4
    np.testing.assert_array_equal(found["W"], [[2 * residual * 1, 2 * residual * 3]])
    assert found["b"] == 2 * residual
    assert found["y"] == -2 * residual
    np.testing.assert_array_equal(found["x"], [2 * residual * 2, 2 * residual * 1])


def test_the_worked_example_is_32():
    x = variable("x", 2.0)
    assert sq(sq(x)).value == 16
    assert gradients(sq(sq(x))) == {"x": 32}


@pytest.mark.parametrize(
    "power_of_four",
    [
        lambda x: mul(sq(x), sq(x)),
        lambda x: mul(mul(x, x), mul(x, x)),
        lambda x: mul(x, mul(x, mul(x, x))),
        lambda x: sq(mul(x, x)),
    ],
)
def test_shared_nodes_add_their_gradients(power_of_four):
    assert gradients(power_of_four(variable("x", 2.0))) == {"x": 32}


def test_a_shared_result_adds_too():
    x = variable("x", 3.0)
    square = mul(x, x)
    assert gradients(mul(square, square)) == {"x": 4 * 3**3}
    assert len(mul(square, square).nodes) == 3


# --- every row of the table ---------------------------------------------------------------------


ONE_OPERAND = [neg, sq, exp, sigmoid, log_sigmoid, transpose, graph.sum, mean]
PAIRS = [((), ()), ((3,), (3,)), ((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((1,), (2, 3))]


def test_the_table_has_every_operation():
    assert {operation.name for operation in OPERATIONS} == {
        name for name, value in vars(graph).items() if isinstance(value, Operation)
    }
    for operation in OPERATIONS:
        assert getattr(graph, operation.name) is operation


@pytest.mark.parametrize("operation", ONE_OPERAND, ids=lambda row: row.name)
@given(seed=SEEDS)
@settings(deadline=None)
def test_rows_with_one_operand(operation, seed):
    rng = np.random.default_rng(seed)
    array = rng.normal(size=[(), (3,), (2, 3)][seed % 3])
    weights = int(rng.integers(2**31))
    assert_agrees_with_differences(
        lambda u: weighted(operation(u), np.random.default_rng(weights)), [array]
    )


@given(seed=SEEDS)
@settings(deadline=None)
def test_log(seed):
    rng = np.random.default_rng(seed)
    array = rng.uniform(0.5, 3, size=(2, 3))
    assert_agrees_with_differences(lambda u: weighted(log(u), np.random.default_rng(seed)), [array])


@pytest.mark.parametrize("operation", [add, sub, mul, div], ids=lambda row: row.name)
@pytest.mark.parametrize("shapes", PAIRS, ids=str)
@pytest.mark.parametrize("swapped", [False, True])
def test_rows_with_two_operands_and_broadcasting(operation, shapes, swapped):
    rng = np.random.default_rng(0)
    first, second = (rng.uniform(0.5, 2, size=shape) for shape in shapes[:: -1 if swapped else 1])
    assert_agrees_with_differences(
        lambda u, v: weighted(operation(u, v), np.random.default_rng(1)), [first, second]
    )


@pytest.mark.parametrize(
    "shapes",
    [
        ((2, 3), (3, 4)),
        ((2, 3), (3,)),
        ((3,), (3, 4)),
        ((3,), (3,)),
        ((1, 3), (3, 1)),
        ((1, 1), (1,)),
    ],
    ids=str,
)
def test_matmul_of_vectors_and_matrices(shapes):
    rng = np.random.default_rng(0)
    first, second = (rng.normal(size=shape) for shape in shapes)
    u, v = variable("u", first), variable("v", second)
    np.testing.assert_array_equal(matmul(u, v).value, first @ second)
    assert_agrees_with_differences(
        lambda u, v: weighted(matmul(u, v), np.random.default_rng(1)), [first, second]
    )


@pytest.mark.parametrize("operation", [softmax, logsumexp], ids=lambda row: row.name)
@pytest.mark.parametrize("shape", [(4,), (3, 5), (1, 2)])
def test_rows_over_classes(operation, shape):
    array = np.random.default_rng(0).normal(size=shape)
    assert_agrees_with_differences(
        lambda u: weighted(operation(u), np.random.default_rng(1)), [array]
    )


def test_softmax_and_logsumexp_are_over_the_first_axis():
    z = np.random.default_rng(0).normal(size=(3, 5))
    powers = np.exp(z)
    np.testing.assert_allclose(softmax(z).value, powers / powers.sum(axis=0), rtol=1e-14)
    np.testing.assert_allclose(logsumexp(z).value, np.log(powers.sum(axis=0)), rtol=1e-14)


def test_pick_takes_one_row_of_each_column():
    z = np.arange(6.0).reshape(3, 2)
    u = variable("u", z)
    np.testing.assert_array_equal(pick(u, [2, 0]).value, [4, 1])
    assert pick([5.0, 7.0], 1).value == 7
    assert_agrees_with_differences(lambda u: graph.sum(mul(pick(u, [2, 0]), [3.0, 5.0])), [z])


def test_labels_have_no_gradient():
    u, y = variable("u", np.eye(2)), variable("y", [0, 1])
    assert set(gradients(graph.sum(pick(u, y)))) == {"u"}


@pytest.mark.parametrize("u", [-1000.0, -30.0, 0.0, 30.0, 1000.0])
def test_stable_rows_overflow_nowhere(u):
    x = variable("x", u)
    assert sigmoid(x).is_finite
    assert log_sigmoid(x).value == pytest.approx(min(u, 0) - np.log1p(np.exp(-abs(u))), rel=1e-14)
    assert np.isfinite(gradients(log_sigmoid(x))["x"])
    assert gradients(sigmoid(x))["x"] == pytest.approx(
        np.exp(-abs(u)) / (1 + np.exp(-abs(u))) ** 2, rel=1e-13
    )
    pair = variable("z", [u, 0.0])
    assert logsumexp(pair).is_finite
    assert softmax(pair).value.sum() == pytest.approx(1)


def test_a_row_of_ones_own():
    cube = Operation("cube", lambda u: u**3, (graph.entrywise("3u²", lambda u: 3 * u**2),))
    x = variable("x", 2.0)
    assert str(sq(cube(x))) == "sq(cube(x))"
    assert gradients(sq(cube(x))) == {"x": 6 * 2**5}
    assert repr(cube) == "cube(u):  d/du = 3u²"


def test_rows_print_as_a_table():
    rows = {operation.name: repr(operation) for operation in OPERATIONS}
    assert rows["sq"] == "sq(u):  d/du = 2u"
    assert rows["div"] == "div(u, v):  d/du = 1/v,  d/dv = -u/v²"
    assert rows["pick"] == "pick(u, v):  d/du = 1 in row v, else 0"
    assert rows["matmul"] == (
        "matmul(u, v):  passes on to u: above @ vᵀ,  passes on to v: uᵀ @ above"
    )


# --- the models' losses -------------------------------------------------------------------------


def parts(theta, dataset):
    return (
        variable("W", theta[:, :-1]),
        variable("b", theta[:, -1:]),
        variable("X", dataset.X.T),
    )


def assert_same_as_by_hand(loss, task, theta):
    found = gradients(loss)
    assert loss.value == pytest.approx(float(task.loss(theta)), rel=1e-12)
    jacobian = np.hstack([found["W"], found["b"]]).mT
    by_hand = task.jacobian(theta)
    np.testing.assert_allclose(jacobian, by_hand, rtol=0, atol=1e-12 * np.abs(by_hand).max())


PENGUINS = gd.datasets.penguins().standardized()
BLOBS = gd.datasets.blobs()


@given(seed=SEEDS)
@settings(deadline=None)
def test_linear_regression(seed):
    theta = np.random.default_rng(seed).normal(size=(1, 2))
    W, b, X = parts(theta, PENGUINS)
    y = variable("y", PENGUINS.y)
    loss = mean(sq(sub(y, add(matmul(W, X), b))))
    assert_same_as_by_hand(loss, gd.LinearRegression(PENGUINS), theta)
    summed = graph.sum(sq(sub(y, add(matmul(W, X), b))))
    assert_same_as_by_hand(summed, gd.LinearRegression(PENGUINS, reduction="sum"), theta)


def test_linear_regression_of_several_outputs():
    rng = np.random.default_rng(0)
    data = gd.Dataset(rng.normal(size=(20, 3)), rng.normal(size=(20, 2)))
    theta = rng.normal(size=(2, 4))
    W, b, X = parts(theta, data)
    loss = div(graph.sum(sq(sub(add(matmul(W, X), b), data.y.T))), 20)
    assert_same_as_by_hand(loss, gd.LinearRegression(data), theta)


SPECIES = gd.datasets.penguins(["bill_length_mm", "flipper_length_mm"], "species").standardized()
SEX = gd.datasets.penguins(["bill_length_mm", "body_mass_g"], "sex").standardized()


@given(seed=SEEDS)
@settings(deadline=None)
def test_logistic_regression(seed):
    theta = np.random.default_rng(seed).normal(size=(1, 3))
    task = gd.LogisticRegression(SEX)
    W, b, X = parts(theta, SEX)
    y = variable("y", task.y)
    z = add(matmul(W, X), b)
    as_in_the_lecture = neg(
        mean(add(mul(y, log(sigmoid(z))), mul(sub(1, y), log(sub(1, sigmoid(z))))))
    )
    assert_same_as_by_hand(as_in_the_lecture, task, theta)
    margin = mul(sub(mul(2, y), 1), z)
    assert_same_as_by_hand(neg(mean(log_sigmoid(margin))), task, theta)


@pytest.mark.parametrize("dataset", [BLOBS, SPECIES], ids=["blobs", "species"])
@given(seed=SEEDS)
@settings(deadline=None)
def test_softmax_regression(dataset, seed):
    task = gd.SoftmaxRegression(dataset)
    theta = np.random.default_rng(seed).normal(size=task.shape)
    W, b, X = parts(theta, dataset)
    y = variable("y", task.labels)
    z = add(matmul(W, X), b)
    assert_same_as_by_hand(neg(mean(log(pick(softmax(z), y)))), task, theta)
    assert_same_as_by_hand(mean(sub(logsumexp(z), pick(z, y))), task, theta)


def test_the_transpose_of_the_lecture():
    w, x = variable("w", [[2.0], [3.0]]), variable("x", [[5.0], [7.0]])
    y_hat = matmul(transpose(w), x)
    assert y_hat.value == 31
    np.testing.assert_array_equal(gradients(y_hat)["w"], x.value)


# --- against PyTorch ----------------------------------------------------------------------------


def test_pytorch_finds_the_same_gradients():
    torch = pytest.importorskip("torch", reason="compares with PyTorch's gradients")
    rng = np.random.default_rng(0)
    W, X, b = rng.normal(size=(3, 2)), rng.normal(size=(2, 7)), rng.normal(size=(3, 1))
    y = rng.integers(0, 3, 7)
    ours = {name: variable(name, array) for name, array in (("W", W), ("X", X), ("b", b))}
    theirs = {name: torch.tensor(node.value, requires_grad=True) for name, node in ours.items()}

    z = add(matmul(ours["W"], ours["X"]), ours["b"])
    p = softmax(z)
    loss = add(
        mean(mul(sub(logsumexp(z), pick(z, y)), exp(neg(sq(pick(p, y)))))),
        graph.sum(mul(log_sigmoid(z), div(sigmoid(z), transpose(exp(transpose(z)))))),
    )
    z = theirs["W"] @ theirs["X"] + theirs["b"]
    p = torch.softmax(z, 0)
    rows = (torch.tensor(y), torch.arange(7))
    expected = ((torch.logsumexp(z, 0) - z[rows]) * torch.exp(-(p[rows] ** 2))).mean() + (
        torch.nn.functional.logsigmoid(z) * (torch.sigmoid(z) / torch.exp(z.T).T)
    ).sum()
    expected.backward()
    assert loss.value == pytest.approx(expected.item(), rel=1e-13)
    for name, gradient in gradients(loss).items():
        np.testing.assert_allclose(gradient, theirs[name].grad.numpy(), rtol=1e-12, atol=1e-13)


# --- steps --------------------------------------------------------------------------------------


def test_the_steps_of_the_worked_example():
    x = variable("x", 2.0)
    assert [str(step) for step in steps(sq(sq(x)))] == [
        "sq(x) = 4",
        "sq(sq(...)) = 16",
        "d loss/d loss = 1",
        "d sq(u)/du = 2u = 8; times 1 from above: 8 for sq(...)",
        "d sq(u)/du = 2u = 4; times 8 from above: 32 for x",
    ]


def test_the_steps_of_the_lectures_expression():
    assert [str(step) for step in steps(lecture())] == [
        "matmul(W, x) = 5",
        "add(matmul(...), b) = 6",
        "sub(y, add(...)) = -2",
        "sq(sub(...)) = 4",
        "d loss/d loss = 1",
        "d sq(u)/du = 2u = -4; times 1 from above: -4 for sub(...)",
        "d sub(u, v)/du = 1; times -4 from above: -4 for y",
        "d sub(u, v)/dv = -1; times -4 from above: 4 for add(...)",
        "d add(u, v)/du = 1; times 4 from above: 4 for matmul(...)",
        "d add(u, v)/dv = 1; times 4 from above: 4 for b",
        "matmul(u, v) passes on to u: above @ vᵀ; with 4 from above: [4, 12] (1, 2) for W",
        "matmul(u, v) passes on to v: uᵀ @ above; with 4 from above: [8, 4] for x",
    ]


def test_a_second_way_is_added():
    x = variable("x", 3.0)
    *_, first, second = steps(mul(x, x))
    assert (first.operand, first.arrives, first.gradient, first.adds) == (0, 3, 3, False)
    assert (second.operand, second.arrives, second.gradient, second.adds) == (1, 3, 6, True)
    assert str(second).endswith("times 1 from above: 3 for x; added to what was there: 6")


def test_steps_go_through_every_node_and_every_edge_once():
    task = gd.LogisticRegression(SEX)
    z = add(matmul(variable("W", [[1.0, 2.0]]), SEX.X.T), variable("b", 0.5))
    p = sigmoid(z)
    y = variable("y", task.y)
    loss = neg(mean(add(mul(y, log(p)), mul(sub(1, y), log(sub(1, p))))))
    order = steps(loss)
    forward = [step for step in order if isinstance(step, Forward)]
    backward = [step for step in order if isinstance(step, Backward)]
    assert order == (*forward, *backward)
    assert [step.node for step in forward] == [node for node in loss.nodes if node.operation]
    known = {node for node in loss.nodes if not node.operation}
    for step in forward:
        assert set(step.node.operands) <= known
        known.add(step.node)
    edges = [(step.parent, step.operand) for step in backward[1:]]
    assert len(edges) == len(set(edges))
    assert set(edges) == {
        (parent, k)
        for parent in loss.nodes
        for k, node in enumerate(parent.operands)
        if not node.is_constant
    }
    # Nothing is passed on before all of it has arrived.
    complete = {step.node: step.gradient for step in backward}
    for step in backward[1:]:
        assert step.above is complete[step.parent]


def test_nothing_is_passed_to_constants():
    loss = mul(sub(1, variable("x", 3.0)), 5)
    assert [step.node.name for step in steps(loss) if isinstance(step, Backward)] == [
        "mul",
        "sub",
        "x",
    ]
    assert gradients(loss) == {"x": -5}


def test_a_leaf_alone():
    x = variable("x", 2.0)
    assert gradients(x) == {"x": 1}
    [step] = steps(x)
    assert str(step) == "d loss/d loss = 1"


# --- numbers that leave float64's range ---------------------------------------------------------


def softplus(z):
    return log(add(1, exp(z)))


def test_an_overflow_is_found_where_it_happens():
    loss = softplus(variable("z", 1000.0))
    assert loss.value == np.inf
    assert [node.name for node in loss.nodes if node.overflowed] == ["exp"]
    assert loss.overflow == "overflow at exp(z): u = 1000 gives inf"
    assert str(steps(loss)[0]) == "exp(z) = inf; overflow at exp(z): u = 1000 gives inf"
    assert np.isnan(gradients(loss)["z"])


def test_the_other_formula_mends_it():
    z = variable("z", 1000.0)
    loss = add(z, log(add(1, exp(neg(z)))))
    assert loss.value == 1000
    assert loss.overflow == ""
    assert gradients(loss) == {"z": 1}


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: log(variable("p", 0.0)), "overflow at log(p): u = 0 gives -inf"),
        (lambda: div(variable("p", 1.0), 0), "overflow at div(p, 0): u = 1, v = 0 gives inf"),
        (lambda: sq(variable("p", 1e200)), "overflow at sq(p): u = 1e+200 gives inf"),
        (lambda: log(neg(variable("p", 1.0))), "overflow at log(neg(...)): u = -1 gives nan"),
        (
            lambda: matmul(variable("A", [[1e200]]), [1e200]),
            "overflow at matmul(A, 1e+200): u = 1e+200, v = 1e+200 gives inf",
        ),
    ],
)
def test_other_ways_out(build, words):
    expression = build()
    assert expression.overflow == words
    gradients(expression)


def test_only_the_first_is_named_and_later_ones_know_their_own():
    x = variable("x", 1000.0)
    loss = add(div(1, exp(x)), sq(variable("y", 1e300)))
    assert loss.overflow == "overflow at exp(x): u = 1000 gives inf"
    told = [str(step) for step in steps(loss)]
    assert "sq(y) = inf; overflow at sq(y): u = 1e+300 gives inf" in told
    assert "div(1, exp(...)) = 0" in told


# --- names, shapes and other input --------------------------------------------------------------


def test_values_are_copies_that_cannot_change():
    array = np.array([1.0, 2.0])
    x = variable("x", array)
    array[0] = 7
    assert x.value[0] == 1
    for node in (x, sq(x), transpose(x)):
        with pytest.raises(ValueError, match="read-only"):
            node.value[0] = 5


def test_long_chains_and_much_sharing():
    x = variable("x", 1.0)
    chain = x
    for _ in range(3000):
        chain = neg(chain)
    assert gradients(chain) == {"x": 1}
    assert len(str(chain)) < 3000
    shared = x
    for _ in range(100):
        shared = mul(shared, shared)
    assert len(str(shared)) < 3000
    assert gradients(shared)["x"] == 2.0**100


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (
            lambda: add(variable("a", [1, 2]), variable("b", [1, 2, 3])),
            r"add\(a, b\) cannot be computed from shapes \(2,\) and \(3,\): give both the same",
        ),
        (
            lambda: matmul(variable("W", np.ones((1, 2))), sq(variable("x", np.ones(3)))),
            r"matmul\(W, sq\(...\)\) .* shapes \(1, 2\) and \(3,\): a row of the first has 2 entr",
        ),
        (lambda: matmul(2, [1, 2]), r"shapes \(\) and \(2,\): .* for numbers there is mul"),
        (lambda: softmax(3.0), r"softmax\(3\) cannot .* shape \(\): it works down the classes"),
        (lambda: logsumexp(3.0), "it works down the classes"),
        (lambda: pick([1, 2], 2), r"shapes \(2,\) and \(\): labels must be .* from 0 to 1"),
        (lambda: pick([1, 2], -1), "labels must be whole numbers from 0 to 1"),
        (lambda: pick([1, 2], 0.5), "labels must be whole numbers from 0 to 1"),
        (lambda: pick(np.eye(3), [0, 1]), r"shapes \(3, 3\) and \(2,\): .* one label for each"),
        (lambda: sq(1, 2), "sq takes 1 operand, got 2"),
        (lambda: sub(1), "sub takes 2 operands, got 1"),
        (lambda: sq("x"), "an operand of sq must be a number, .* expression, got 'x'"),
        (lambda: sq(None), "an operand of sq must be a number, .* expression, got None"),
        (lambda: sq(...), "an operand of sq is still ...: write your own value there"),
        (lambda: sq([[1], [2, 3]]), "an operand of sq must be an array of real numbers"),
        (lambda: sq(np.nan), "an operand of sq must be finite, got nan"),
        (lambda: variable(2.0, "x"), r'a variable needs a name first: variable\("x", 2.0\)'),
        (lambda: variable(" ", 2.0), "a variable needs a name first"),
        (lambda: variable("x", [1, np.inf]), r"x must be finite, got \[1, inf\]"),
        (lambda: variable("x", []), r"x has shape \(0,\): a graph is made of numbers"),
        (lambda: variable("x", np.ones((2, 2, 2))), r"x has shape \(2, 2, 2\): a graph is made"),
        (lambda: variable("x", ["a"]), "x must be an array of real numbers"),
        (lambda: gradients(sq([1.0, 2.0])), r"sq\(\[1, 2\]\) has shape \(2,\): .* mean or sum"),
        (lambda: steps(sq([1.0, 2.0])), r"has shape \(2,\): .* mean or sum first"),
        (lambda: gradients(4.0), "loss must be an expression such as .*, got 4.0"),
        (
            lambda: gradients(mul(variable("x", 1), variable("x", 2))),
            "2 variables are called x: make it once and use it as often as you like",
        ),
    ],
)
def test_wrong_input_is_named(build, words):
    with pytest.raises(ValueError, match=words):
        build()


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (8.0, "8"),
        ([8.0], "8"),
        (-0.0, "0"),
        (1 / 3, "0.3333"),
        ([1, 2], "[1, 2]"),
        ([1, 2, 3, 4], "[1, 2, 3, ...] (4,)"),
        ([[1, 2]], "[1, 2] (1, 2)"),
        ([np.inf, np.nan], "[inf, nan]"),
    ],
)
def test_brief(array, text):
    assert brief(array) == text


# --- a student's derivative ---------------------------------------------------------------------


def σ(u):
    return 1 / (1 + np.exp(-u))


@pytest.mark.parametrize(
    ("operation", "derivative"),
    [
        (sigmoid, lambda u: σ(u) * (1 - σ(u))),
        (sigmoid, lambda u: np.exp(-u) / (1 + np.exp(-u)) ** 2),
        (sq, lambda u: 2 * u),
        (log, lambda u: 1 / u),
        (exp, np.exp),
        (neg, lambda u: -1),
        (log_sigmoid, lambda u: 1 - σ(u)),
        (Operation("tanh", np.tanh, (None,)), lambda u: 1 - np.tanh(u) ** 2),
    ],
)
def test_right_derivatives(operation, derivative):
    report = check_derivative(operation, derivative)
    assert report
    assert repr(report) == f"Right: this is the derivative of {operation.name}."


def no_return(u):
    2 * u


@pytest.mark.parametrize(
    ("operation", "derivative", "words"),
    [
        (sigmoid, lambda u: ..., "write the derivative in place of the dots."),
        (sigmoid, no_return, "nothing is returned: does the function end with return?"),
        (sigmoid, lambda u: "2u", "a number should be returned, not '2u'."),
        (sigmoid, lambda u: undefined, "NameError: name 'undefined' is not defined"),  # noqa: F821
        (sigmoid, σ, "this is sigmoid(u) itself: how does it change when u grows a little?"),
        (sigmoid, lambda u: u * (1 - u), "right, if u were sigmoid(u) already: u is what"),
        (sigmoid, lambda u: -σ(u) * (1 - σ(u)), "the sign is wrong: does sigmoid(u) grow"),
        (sq, lambda u: u, "yours is 0.5 times the slope everywhere: a constant factor is wrong."),
        (sigmoid, lambda u: σ(u) * (1 + σ(u)), "write it in terms of functions whose derivative"),
        (log, lambda u: 1 / u**2, "write it in terms of functions whose derivative"),
    ],
)
def test_wrong_derivatives_get_a_hint(operation, derivative, words):
    report = check_derivative(operation, derivative)
    assert not report
    assert repr(report).startswith(f"Not yet: {words}")


def test_a_wrong_derivative_is_shown_beside_the_slope():
    text = repr(check_derivative(sigmoid, lambda u: u))
    assert text.endswith(f"\n  at u = 0.3: yours 0.3, the slope of sigmoid {σ(0.3) * σ(-0.3):.4g}")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((mul, np.cos), "operation must be one with a single operand"),
        (("sigmoid", np.cos), "operation must be one with a single operand"),
        ((mean, np.cos), "mean does not work entry by entry"),
        ((sq, 2.0), "derivative must be a function of u, got 2.0: pass its name"),
    ],
)
def test_what_cannot_be_checked(arguments, words):
    with pytest.raises(ValueError, match=words):
        check_derivative(*arguments)


def test_an_endless_derivative_is_stopped():
    def endless(u):
        while u < 3:
            pass
        return u

    report = check_derivative(sq, endless, seconds=0.2)
    assert not report
    assert repr(report).startswith("Not yet: no answer within 0.2 seconds. It was stopped in call")
    with pytest.raises(ValueError, match="seconds must be positive, got 0: try seconds=5"):
        check_derivative(sq, endless, seconds=0)


def test_what_a_derivative_prints_is_shown_below():
    def talking(u):
        print("u is", u)
        return 2 * u

    report = check_derivative(sq, talking)
    assert report
    assert repr(report).endswith(
        "of sq.\nIt printed:\n"
        + "".join(f"  u is {u}\n" for u in (-1.7, -0.6, 0.3, 1.2, 2.5)).rstrip()
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"derivatives": entrywise("2u", lambda u: 2 * u)}, "derivatives .* is a comma missing"),
        ({"derivatives": ()}, "operands must be a letter for each"),
        ({"operands": ""}, "operands must be a letter for each"),
        ({"forward": 3}, "forward must be a function, got 3"),
        ({"name": None}, "name must be text, got None"),
    ],
)
def test_rows_of_ones_own_that_are_none(arguments, words):
    rules = (entrywise("2u", lambda u: 2 * u),)
    right = {"name": "own", "forward": lambda u: u**2, "derivatives": rules}
    with pytest.raises(ValueError, match=words):
        Operation(**{**right, **arguments})


def test_a_row_of_ones_own_returns_numbers():
    own = Operation("own", lambda u: ..., (entrywise("2u", lambda u: 2 * u),))
    with pytest.raises(ValueError, match=r"the result of own is still \.\.\.: write your own"):
        own(2.0)
