import dataclasses
import math
from collections import defaultdict
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdviz import datasets, surfaces
from gdviz.descent import Status, gradient_descent
from gdviz.linear import LinearRegression
from gdviz.optimizers import AdaGrad, Adam, Minibatches, Momentum, Nesterov, Optimizer, RMSProp
from gdviz.task import quiet_overflow

OPTIMIZERS = [Momentum(), Nesterov(), AdaGrad(), RMSProp(), Adam()]
every_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)


def regression(n_samples=20, n_features=3, n_outputs=2, **options):
    rng = np.random.default_rng(0)
    return LinearRegression(
        rng.normal(size=(n_samples, n_features)), rng.normal(size=(n_samples, n_outputs)), **options
    )


@quiet_overflow()  # as the loop does
def directions(optimizer, gradients):
    state = defaultdict(float)
    return [optimizer.update(state, np.array(g), t) for t, g in enumerate(gradients)]


def torch_optimizer(torch, optimizer, parameters, learning_rate):
    match optimizer:
        case Momentum(momentum):
            return torch.optim.SGD(parameters, lr=learning_rate, momentum=momentum)
        case Nesterov(momentum):
            return torch.optim.SGD(parameters, lr=learning_rate, momentum=momentum, nesterov=True)
        case AdaGrad(stabilizer):
            return torch.optim.Adagrad(parameters, lr=learning_rate, eps=stabilizer)
        case RMSProp(decay, stabilizer):
            return torch.optim.RMSprop(parameters, lr=learning_rate, alpha=decay, eps=stabilizer)
        case Adam(first, second, stabilizer):
            return torch.optim.Adam(
                parameters, lr=learning_rate, betas=(first, second), eps=stabilizer
            )


def torch_path(torch, optimizer, loss, start, learning_rate, iterations):
    """θ at every iteration of PyTorch's own optimizer, with gradients by its own autograd."""
    theta = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    stepper = torch_optimizer(torch, optimizer, [theta], learning_rate)
    path = [theta.detach().numpy().copy()]
    for _ in range(iterations):
        stepper.zero_grad()
        loss(theta).backward()
        stepper.step()
        path.append(theta.detach().numpy().copy())
    return np.array(path)


@pytest.mark.parametrize(
    "optimizer",
    [
        *OPTIMIZERS,
        Momentum(0.5),
        Nesterov(0.5),
        AdaGrad(1e-3),
        RMSProp(0.99, 1e-3),
        Adam(0.7, 0.95, 1e-3),
        Adam(0.0, 0.0),
    ],
    ids=repr,
)
def test_every_step_is_pytorchs(optimizer):
    torch = pytest.importorskip("torch")
    task = regression()
    X, y = torch.tensor(task.dataset.X), torch.tensor(task.dataset.y)
    start = task.minimizer() + 3

    def squared_error(theta):
        return ((X @ theta[:, :-1].T + theta[:, -1] - y) ** 2).sum(axis=1).mean()

    # From afar, and too slow to arrive: about a minimum, g / √s turns on the last digit of g.
    expected = torch_path(torch, optimizer, squared_error, start, 0.005, 100)
    descent = gradient_descent(task, start, 0.005, 100, optimizer=optimizer)
    np.testing.assert_allclose(descent.theta, expected, rtol=0, atol=1e-12)

    def himmelblau(theta):
        x, y = theta[0]
        return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2

    expected = torch_path(torch, optimizer, himmelblau, [[0.5, -1.0]], 0.002, 100)
    descent = gradient_descent(
        surfaces.himmelblau(), [[0.5, -1.0]], 0.002, 100, optimizer=optimizer
    )
    np.testing.assert_allclose(descent.theta, expected, rtol=0, atol=1e-12)


def test_first_steps_worked_by_hand():
    g1, g2 = [[4.0, -0.5]], [[2.0, 0.5]]
    tiny = 1e-300  # a stabilizer that does not show
    cases = {
        Momentum(0.5): ([4, -0.5], [4, 0.25]),
        Nesterov(0.5): ([6, -0.75], [4, 0.625]),
        AdaGrad(tiny): ([1, -1], [2 / math.sqrt(20), 0.5 / math.sqrt(0.5)]),
        AdaGrad(1.0): ([4 / 5, -0.5 / 1.5], [2 / (math.sqrt(20) + 1), 0.5 / (math.sqrt(0.5) + 1)]),
        RMSProp(0.75, tiny): ([2, -2], [2 / 2, 0.5 / math.sqrt(0.75 * 0.0625 + 0.0625)]),
        # Halves: m = 2, then 1 + 1, over 1/2 and 3/4; s = 8, then 4 + 2.
        Adam(0.5, 0.5, tiny): ([1, -1], [(2 / 0.75) / math.sqrt(6 / 0.75), (1 / 6) / 0.5]),
    }
    for optimizer, expected in cases.items():
        first, second = directions(optimizer, [g1, g2])
        np.testing.assert_allclose(first[0], expected[0], rtol=1e-14, err_msg=repr(optimizer))
        np.testing.assert_allclose(second[0], expected[1], rtol=1e-14, err_msg=repr(optimizer))


@pytest.mark.parametrize(
    ("optimizer", "length"), [(AdaGrad(), 1), (RMSProp(), 1 / math.sqrt(0.1)), (Adam(), 1)]
)
def test_the_first_step_is_as_long_in_every_parameter(optimizer, length):
    (direction,) = directions(optimizer, [[1e3, -1e-3]])
    np.testing.assert_allclose(direction, [length, -length], rtol=1e-4)


@given(st.floats(1e-6, 1e6), st.floats(0, 0.99), st.floats(0, 0.999))
def test_adam_is_corrected_for_its_bias(gradient, first, second):
    """Uncorrected, its first step would be (1 - β₁) / √(1 - β₂): 3.2 steps too long by default."""
    for direction in directions(Adam(first, second), 5 * [gradient]):
        np.testing.assert_allclose(direction, gradient / (gradient + 1e-8), rtol=1e-9)


def test_nesterov_is_the_gradient_at_the_point_ahead():
    task, ε, β = surfaces.rosenbrock(), 0.001, 0.9
    φ, v, path = np.array([[-1.0, 0.5]]), np.zeros((1, 2)), []
    for _ in range(50):
        ahead = φ - ε * β * v
        path.append(ahead)
        v = β * v + task.jacobian(ahead).mT
        φ = φ - ε * v
    descent = gradient_descent(task, [[-1.0, 0.5]], ε, 49, optimizer=Nesterov(β))
    np.testing.assert_allclose(descent.theta, path, rtol=1e-12)


def test_weights_and_bias_step_together():
    """Both from the same W and b: not b from a W that has moved already."""
    x, y = np.array([0.0, 1.0, 3.0]), np.array([1.0, 0.0, 2.0])
    W, b, vW, vb = 0.5, -1.0, 0.0, 0.0
    for _ in range(5):
        residual = W * x + b - y
        dW, db = 2 * np.mean(residual * x), 2 * np.mean(residual)
        vW, vb = 0.9 * vW + dW, 0.9 * vb + db
        W, b = W - 0.05 * vW, b - 0.05 * vb
    descent = gradient_descent(LinearRegression(x, y), [[0.5, -1.0]], 0.05, 5, optimizer=Momentum())
    np.testing.assert_allclose(descent.theta[-1], [[W, b]], rtol=1e-12)


def test_without_momentum_it_is_plain_descent():
    task = regression()
    plain = gradient_descent(task, np.ones(task.shape), 0.1, 30)
    for optimizer in (Momentum(0.0), Nesterov(0.0)):
        same = gradient_descent(task, np.ones(task.shape), 0.1, 30, optimizer=optimizer)
        np.testing.assert_array_equal(same.theta, plain.theta)


def test_momentum_crosses_a_ravine_that_plain_descent_crawls_through():
    κ = 100
    task, start = surfaces.ravine(κ), [[4.0, 1.0]]
    plain = gradient_descent(task, start, 2 / (1 + κ), 100)  # its best rate
    β = ((math.sqrt(κ) - 1) / (math.sqrt(κ) + 1)) ** 2  # Polyak's best pair
    heavy = gradient_descent(task, start, 4 / (1 + math.sqrt(κ)) ** 2, 100, optimizer=Momentum(β))
    assert plain.status != Status.CONVERGED
    assert heavy.status == Status.CONVERGED
    assert heavy.loss[-1] < 1e-6 * plain.loss[-1]


def test_rates_per_parameter_do_not_see_the_ravine():
    for optimizer in (AdaGrad(1e-300), RMSProp(stabilizer=1e-300), Adam(stabilizer=1e-300)):
        steep, round_ = (
            gradient_descent(surfaces.ravine(κ), [[1.5, 1.5]], 0.1, 20, optimizer=optimizer)
            for κ in (1000, 1)
        )
        np.testing.assert_allclose(steep.theta, round_.theta, rtol=1e-9, atol=1e-12)


@every_optimizer
def test_a_batch_is_its_single_runs(optimizer):
    task = regression()
    starts = np.random.default_rng(2).normal(size=(4, *task.shape))
    rates = np.array([1e-3, 0.05, 5.0])[:, None]  # the last one diverges where it can
    for minibatches in (None, Minibatches(6, seed=3)):
        options = {"optimizer": optimizer, "minibatches": minibatches}
        batch = gradient_descent(task, starts, rates, 40, **options)
        assert batch.theta.shape == (3, 4, 41, *task.shape)
        for i, j in np.ndindex(3, 4):
            single = gradient_descent(task, starts[j], rates[i, 0], 40, **options)
            np.testing.assert_allclose(batch.theta[i, j], single.theta, rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(batch.loss[i, j], single.loss, rtol=1e-9)


@every_optimizer
def test_a_call_leaves_nothing_behind(optimizer):
    task, start = surfaces.bumpy(), [[3.0, 3.0]]
    first, second = (gradient_descent(task, start, 0.01, 20, optimizer=optimizer) for _ in "12")
    np.testing.assert_array_equal(first.theta, second.theta)


@every_optimizer
def test_nan_and_inf_are_not_hidden_and_stay_in_their_run(optimizer):
    for bad in (np.nan, np.inf, -np.inf):
        first, second = directions(optimizer, [[bad, 1.0], [1.0, 1.0]])
        assert not np.isfinite(first[0])
        assert np.isfinite([first[1], second[1]]).all()
        if np.isnan(bad):
            assert np.isnan(second[0])
    task = surfaces.himmelblau()
    descent = gradient_descent(
        task, [[[1.0, 1.0]], [[np.nan, 1.0]]], 0.001, 10, optimizer=optimizer
    )
    assert descent.status[1] == Status.NAN
    assert descent.first_bad_iteration.tolist() == [-1, 0]


@every_optimizer
def test_a_gradient_that_is_nan_where_theta_is_not_ends_the_run(optimizer):
    root = surfaces.Surface(np.sqrt, lambda x: 0.5 / np.sqrt(x), window=(0, 1))
    descent = gradient_descent(root, [[0.5]], 1.0, 3, optimizer=optimizer)
    assert descent.theta[1, 0, 0] < 0  # finite, but there the root is no number
    assert np.isnan(descent.theta[2:]).all()
    assert descent.status == Status.NAN
    assert descent.first_bad_iteration == 1


def test_too_high_a_rate_with_momentum_diverges_silently():
    descent = gradient_descent(surfaces.bowl(), [[1.0, 1.0]], 10.0, 2000, optimizer=Momentum())
    assert descent.status in (Status.DIVERGED, Status.NAN)
    assert descent.first_bad_iteration > 0


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 5))
def test_an_epoch_visits_each_sample_once(n_samples, batch_size, seed):
    batch_size = min(batch_size, n_samples)
    minibatches = Minibatches(batch_size, seed)
    steps = minibatches.per_epoch(n_samples)
    batches = list(islice(minibatches.indices(n_samples), 3 * steps))
    for epoch in range(3):
        dealt = batches[epoch * steps : (epoch + 1) * steps]
        assert sorted(np.concatenate(dealt)) == list(range(n_samples))
        assert all(len(batch) == batch_size for batch in dealt[:-1])
        assert 1 <= len(dealt[-1]) <= batch_size


def test_epochs_are_shuffled_anew_and_a_seed_reproduces_them():
    def order(seed, n=30):
        return np.concatenate(list(islice(Minibatches(10, seed).indices(n), 6)))

    assert (order(0) == order(0)).all()
    assert (order(0) != order(1)).any()
    assert (order(0)[:30] != order(0)[30:]).any()
    assert (order(0)[:30] != np.arange(30)).any()

    task = regression()
    start = np.zeros(task.shape)
    runs = [
        gradient_descent(task, start, 0.05, 25, minibatches=Minibatches(4, seed)).theta
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert (runs[0][1:] != runs[2][1:]).all()
    shorter = gradient_descent(task, start, 0.05, 7, minibatches=Minibatches(4, 0))
    np.testing.assert_array_equal(shorter.theta, runs[0][:8])


def test_a_minibatch_step_follows_its_samples_and_records_the_loss_of_all():
    task, minibatches = regression(n_samples=10), Minibatches(4, seed=5)
    X, y = task.dataset.X, task.dataset.y
    theta = np.ones(task.shape)
    descent = gradient_descent(task, theta, 0.1, 5, minibatches=minibatches)
    for step, chosen in enumerate(islice(minibatches.indices(10), 5)):
        np.testing.assert_allclose(descent.theta[step], theta, rtol=1e-12)
        residual = X[chosen] @ theta[:, :-1].T + theta[:, -1] - y[chosen]
        X_tilde = np.column_stack([X[chosen], np.ones(len(chosen))])
        theta = theta - 0.1 * 2 * residual.T @ X_tilde / len(chosen)
    np.testing.assert_allclose(descent.loss, task.loss(descent.theta))
    norms = np.linalg.norm(task.jacobian(descent.theta), axis=(-2, -1))
    np.testing.assert_allclose(descent.gradient_norm, norms)


@pytest.mark.parametrize("optimizer", [None, Adam()])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_one_minibatch_of_all_samples_is_full_descent(optimizer, reduction):
    task = regression(reduction=reduction)
    start = np.ones(task.shape)
    full = gradient_descent(task, start, 0.01, 50, optimizer=optimizer)
    all_at_once = gradient_descent(
        task, start, 0.01, 50, optimizer=optimizer, minibatches=Minibatches(20)
    )
    np.testing.assert_allclose(all_at_once.theta, full.theta, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(all_at_once.loss, full.loss, rtol=1e-9)


def test_minibatch_descent_reaches_the_neighbourhood_of_the_minimum():
    task = LinearRegression(datasets.line(200))
    minibatches = Minibatches(10)
    ten_epochs = 10 * minibatches.per_epoch(task.n_samples)
    descent = gradient_descent(task, [[0.0, 0.0]], 0.05, ten_epochs, minibatches=minibatches)
    assert descent.iterations == 200
    assert descent.loss[-1] < 1.05 * task.loss(task.minimizer())
    assert np.linalg.norm(descent.theta[-1] - task.minimizer()) > 1e-6  # it never quite settles


def test_minibatch_gradients_average_to_the_gradient():
    task = regression(n_samples=12)
    theta = np.random.default_rng(4).normal(size=(5, *task.shape))
    parts = [task.subset(chosen) for chosen in islice(Minibatches(3).indices(12), 4)]
    average = np.mean([part.jacobian(theta) for part in parts], axis=0)
    np.testing.assert_allclose(average, task.jacobian(theta), rtol=1e-12)
    total = regression(n_samples=12, reduction="sum")
    parts = [total.subset(chosen) for chosen in islice(Minibatches(5).indices(12), 3)]
    np.testing.assert_allclose(
        np.sum([part.jacobian(theta) for part in parts], axis=0), total.jacobian(theta), rtol=1e-12
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Momentum(1.0), "momentum must be at least 0 and less than 1, got 1.0"),
        (lambda: Momentum(-0.1), "momentum must be at least 0"),
        (lambda: Nesterov(math.nan), "momentum must be finite, got nan"),
        (lambda: RMSProp(decay=2), "decay must be"),
        (lambda: Adam(first_moment_decay=1), "first_moment_decay must be"),
        (lambda: Adam(second_moment_decay="much"), "second_moment_decay must be a number"),
        (lambda: Adam(stabilizer=0), "stabilizer must be positive"),
        (lambda: AdaGrad(math.inf), "stabilizer must be finite, got inf"),
        (lambda: AdaGrad(True), "stabilizer must be a number"),
        (lambda: Minibatches(0), "batch_size must be a whole number, at least 1, got 0"),
        (lambda: Minibatches(2.5), "batch_size must be a whole number"),
        (lambda: Minibatches(True), "batch_size must be a whole number"),
        (lambda: Minibatches(2, seed=-1), "seed must be a whole number, at least 0"),
        (
            lambda: Minibatches(10).per_epoch(10**12),
            r"the samples' order, .* would take 7450\.6 GiB",
        ),
        (lambda: Minibatches(10).per_epoch(0), "n_samples must be a whole number, at least 1, got"),
        (lambda: Minibatches(30).per_epoch(20), "batch_size is 30, but there are only 20 samples"),
    ],
)
def test_wrong_hyperparameters_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_new_optimizer_has_an_update_to_write():
    with pytest.raises(TypeError, match=r"abstract.*update"):
        Optimizer()


def test_hyperparameters_stay_as_they_are():
    for settings, name in ((Momentum(), "momentum"), (Minibatches(3), "seed")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(settings, name, 0.5)
    assert Minibatches(3) == Minibatches(batch_size=3, seed=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"optimizer": Adam}, r"optimizer must be one such as gd.Adam\(\)"),
        ({"optimizer": "adam"}, r"optimizer must be .* got 'adam'"),
        ({"minibatches": 10}, r"minibatches must be gd.Minibatches\(batch_size\), got 10"),
        ({"minibatches": Minibatches(21)}, "batch_size is 21, but there are only 20 samples"),
    ],
)
def test_wrong_options_of_a_descent_are_named(options, message):
    task = regression()
    with pytest.raises(ValueError, match=message):
        gradient_descent(task, np.zeros(task.shape), 0.1, 3, **options)


def test_a_surface_has_no_samples_to_deal():
    with pytest.raises(ValueError, match=r"minibatches .* samples, which Surface\(bowl"):
        gradient_descent(surfaces.bowl(), [[1.0, 1.0]], 0.1, 3, minibatches=Minibatches(2))


def test_coarse_hyperparameters_are_computed_with_as_floats():
    start = np.array([[1.0, 1.0]])
    decay = np.float16(0.999)
    coarse, fine = (
        gradient_descent(surfaces.bowl(), start, 0.1, 50, optimizer=Adam(second_moment_decay=beta))
        for beta in (decay, float(decay))
    )
    np.testing.assert_array_equal(coarse.theta, fine.theta)
