"""The loop is the lecture's, one run or a batch; its record and its verdicts can be trusted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gdviz.datasets import line
from gdviz.descent import Status, gradient_descent
from gdviz.linear import LinearRegression
from gdviz.task import Task, quiet_overflow

# L(θ) = (W - 2)² + b²: λmax is 2, the largest stable learning rate 1.
BOWL = LinearRegression([-1.0, 1.0], [-2.0, 2.0])
START = np.array([[0.0, 0.0]])


class Quartic(Task):
    """L(θ) = Σ θ⁴ / 4, which curves more the farther out it is."""

    shape = (2, 3)

    @quiet_overflow()
    def loss(self, theta):
        return np.sum(self.as_theta(theta) ** 4, axis=(-2, -1)) / 4

    @quiet_overflow()
    def jacobian(self, theta):
        return (self.as_theta(theta) ** 3).mT

    def hessian(self, theta=None):
        entries = self.as_theta(theta).reshape(*self.as_theta(theta).shape[:-2], -1)
        return 3 * entries[..., None] ** 2 * np.eye(entries.shape[-1])

    def minimizer(self):
        return np.zeros(self.shape)


# --- the loop -----------------------------------------------------------------------------------


@settings(deadline=None, max_examples=50)
@given(
    theta=hnp.arrays(np.float64, (2, 3), elements=st.floats(-1, 1)),
    learning_rate=st.floats(0.01, 0.5),
    iterations=st.integers(0, 20),
    task=st.sampled_from([Quartic(), LinearRegression(np.eye(3)[:, :2], np.eye(3)[:, :2])]),
)
def test_descent_is_the_lectures_loop(theta, learning_rate, iterations, task):
    descent = gradient_descent(task, theta, learning_rate, iterations)
    assert descent.iterations == iterations
    for iteration in range(iterations + 1):
        J = task.jacobian(theta)
        np.testing.assert_array_equal(descent.theta[iteration], theta)
        assert descent.loss[iteration] == task.loss(theta)
        np.testing.assert_allclose(
            descent.gradient_norm[iteration], np.sqrt(np.sum(J**2)), rtol=1e-14, atol=1e-160
        )
        theta = theta - learning_rate * J.mT


def test_steps_worked_out_by_hand():
    descent = gradient_descent(BOWL, [[0, 1]], learning_rate=0.25, iterations=2)
    np.testing.assert_allclose(descent.theta[:, 0], [[0, 1], [1, 0.5], [1.5, 0.25]], rtol=1e-14)
    np.testing.assert_allclose(descent.loss, [5, 1.25, 0.3125], rtol=1e-14)
    np.testing.assert_allclose(descent.gradient_norm, 2 * np.sqrt(descent.loss), rtol=1e-14)


@pytest.mark.parametrize("size", [1e-60, 1.0, 1e60])
def test_the_gradients_norm_is_right_where_its_square_leaves_float64(size):
    descent = gradient_descent(Quartic(), np.full((2, 3), size), 0.1, iterations=0)
    np.testing.assert_allclose(descent.gradient_norm, [np.sqrt(6) * size**3], rtol=1e-14)


def test_theta_none_starts_at_zero_and_the_start_is_left_alone():
    theta = np.array([[1.0, 2.0]])
    descent = gradient_descent(BOWL, theta, 0.1, 5)
    np.testing.assert_array_equal(theta, [[1, 2]])
    np.testing.assert_array_equal(descent.theta[0], theta)
    descent.theta[:] = 0
    np.testing.assert_array_equal(theta, [[1, 2]])
    np.testing.assert_array_equal(gradient_descent(BOWL, None, 0.1, 0).theta, [START])


# --- batches ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rates", "starts", "batch"),
    [
        ((), (), ()),
        ((81,), (), (81,)),
        ((), (5,), (5,)),
        ((5,), (5,), (5,)),
        ((4, 1), (5,), (4, 5)),
        ((4,), (5, 1), (5, 4)),
        ((4, 1, 1), (2, 3), (4, 2, 3)),
        ((1,), (1,), (1,)),
    ],
)
def test_rates_and_starts_broadcast(rates, starts, batch):
    task = Quartic()
    descent = gradient_descent(
        task, np.full((*starts, 2, 3), 0.5), np.full(rates, 0.1), iterations=3
    )
    assert descent.theta.shape == (*batch, 4, 2, 3)
    assert descent.loss.shape == descent.gradient_norm.shape == (*batch, 4)
    assert descent.status_codes().shape == (*batch, 4)
    assert np.shape(descent.first_bad_iteration) == batch
    assert np.shape(np.array(descent.status, dtype=object)) == batch
    assert np.broadcast_shapes(descent.learning_rate.shape, batch) == batch


@settings(deadline=None, max_examples=50)
@given(
    shapes=hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3),
    seed=st.integers(0, 2**32),
)
def test_every_run_of_a_batch_is_the_single_run(shapes, seed):
    rng = np.random.default_rng(seed)
    task = LinearRegression(rng.normal(size=(7, 2)), rng.normal(size=(7, 2)))
    rate_shape, start_shape = shapes.input_shapes
    rates = task.max_stable_learning_rate() * rng.uniform(0.01, 1.2, rate_shape)
    starts = rng.normal(size=(*start_shape, *task.shape))
    descent = gradient_descent(task, starts, rates, iterations=30)
    batch = shapes.result_shape
    assert descent.loss.shape == (*batch, 31)
    rates = np.broadcast_to(rates, batch)
    starts = np.broadcast_to(starts, (*batch, *task.shape))
    for index in np.ndindex(batch):
        single = gradient_descent(task, starts[index], rates[index], iterations=30)
        size = np.abs(single.theta).max()
        np.testing.assert_allclose(descent.theta[index], single.theta, rtol=0, atol=1e-12 * size)
        np.testing.assert_allclose(descent.loss[index], single.loss, rtol=1e-11)
        if batch:
            run = descent.run(index)
            assert_same(run, descent.theta[index], descent.loss[index])
            assert run.status is single.status
            assert run.learning_rate == rates[index]


def assert_same(descent, theta, loss):
    np.testing.assert_array_equal(descent.theta, theta)
    np.testing.assert_array_equal(descent.loss, loss)


def test_a_row_of_runs():
    descent = gradient_descent(BOWL, np.ones((3, 1, 2)), [[0.1], [1.5]], iterations=20)
    row = descent.run(1)
    assert row.loss.shape == (3, 21)
    assert_same(row, descent.theta[1], descent.loss[1])
    np.testing.assert_array_equal(row.learning_rate, [1.5, 1.5, 1.5])
    assert row.status.tolist() == [Status.DIVERGED] * 3


def test_overflow_leaves_the_other_runs_untouched_bit_for_bit():
    task = LinearRegression(line(40))
    rates = task.max_stable_learning_rate() * np.array([0.1, 40, 0.5, 4, 0.999])
    batch = gradient_descent(task, [[1.0, -1.0]], rates, iterations=800)
    assert [str(status) for status in batch.status[[1, 3]]] == ["nan", "nan"]
    for k in (0, 2, 4):
        single = gradient_descent(task, [[1.0, -1.0]], rates[k : k + 1], iterations=800)
        assert_same(batch.run(k), single.theta[0], single.loss[0])
        np.testing.assert_array_equal(batch.gradient_norm[k], single.gradient_norm[0])
        assert np.isfinite(batch.theta[k]).all()


# --- status -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("learning_rate", "iterations", "status"),
    [
        (0.5, 1, Status.CONVERGED),  # lands on the minimum in one step
        (0.3, 50, Status.CONVERGED),
        (0.97, 300, Status.CONVERGED),  # oscillated on its way
        (0.001, 50, Status.SLOW),
        (0.3, 0, Status.SLOW),
        (0.97, 20, Status.OSCILLATING),
        (1.0, 20, Status.OSCILLATING),  # the limit itself: to and fro for ever
        (1.01, 20, Status.DIVERGED),
        (3.0, 1, Status.DIVERGED),
        (3.0, 250, Status.DIVERGED),  # the loss is infinite, θ not yet
        (3.0, 1000, Status.NAN),
    ],
)
def test_status_of_a_run_made_for_it(learning_rate, iterations, status):
    descent = gradient_descent(BOWL, START, learning_rate, iterations)
    assert descent.status is status
    assert descent.status == status.value
    assert gradient_descent(BOWL, START, [learning_rate], iterations).status.tolist() == [status]


def test_status_says_what_it_means():
    assert [str(status) for status in Status] == [
        "converged",
        "slow",
        "oscillating",
        "diverged",
        "nan",
        "stuck",
        "separable",
    ]
    for status in Status:
        assert status.meaning.lower().startswith((f"{status}: ", "still descending"))
    assert len({status.meaning for status in Status}) == len(Status)


@settings(deadline=None, max_examples=60)
@given(
    X=hnp.arrays(
        np.float64,
        st.tuples(st.integers(1, 6), st.integers(1, 3)),
        elements=st.integers(-20, 20).map(lambda k: k / 10),
    ),
    seed=st.integers(0, 2**32),
    noise=st.sampled_from([0.0, 1.0]),
    scale=st.sampled_from([1e-3, 1.0, 1e4]),
)
def test_a_start_at_the_minimum_is_converged(X, seed, noise, scale):
    rng = np.random.default_rng(seed)
    theta = scale * rng.normal(size=(1, X.shape[1] + 1))
    y = X @ theta[0, :-1] + theta[0, -1] + noise * rng.normal(size=len(X))
    task = LinearRegression(X, y)
    rates = task.max_stable_learning_rate() * np.array([0.01, 0.5, 0.99])
    for start in [task.minimizer()] if noise else [theta, task.minimizer()]:
        descent = gradient_descent(task, start, rates, iterations=50)
        assert (descent.status_codes() == 0).all()
        assert descent.status.tolist() == [Status.CONVERGED] * 3


def test_a_start_exactly_at_a_zero_gradient_is_converged():
    descent = gradient_descent(Quartic(), None, 0.1, iterations=3)
    assert descent.status is Status.CONVERGED
    assert gradient_descent(BOWL, [[2.0, 0.0]], 0.1, iterations=0).status is Status.CONVERGED


def test_the_loss_of_separation_itself_proves_nothing():
    task = Quartic()
    task.loss_of_separation = task.loss(np.ones((2, 3)))
    assert gradient_descent(task, np.ones((2, 3)), 0.1, iterations=0).status is Status.SLOW
    assert gradient_descent(task, np.ones((2, 3)), 0.1, iterations=1).status is Status.SEPARABLE


def test_status_codes_tell_the_status_of_every_iteration():
    descent = gradient_descent(BOWL, START, [0.4, 0.001, 0.97, 1.05, 3.0], iterations=600)
    codes, words = descent.status_codes(), list(Status)
    assert codes.shape == (5, 601)
    assert np.issubdtype(codes.dtype, np.integer)
    for k in [*range(60), *range(60, 601, 10)]:
        assert [words[code] for code in codes[:, k]] == descent.until(k).status.tolist()
    assert set(codes[:, [20, 600]].ravel()) == {0, 1, 2, 3, 4}


@pytest.mark.parametrize("unit", [2.0**-40, 2.0**40])
def test_the_unit_of_the_target_changes_no_verdict(unit):
    """Powers of two change no digit: what is left and what is rounding must not depend on them."""
    data = line(40)
    rates = LinearRegression(data).max_stable_learning_rate() * np.array(
        [0.003, 0.1, 0.5, 0.98, 1.1]
    )
    start = np.array([[3.0, -1.0]])
    one = gradient_descent(LinearRegression(data), start, rates, iterations=400)
    other = gradient_descent(LinearRegression(data.X, unit * data.y), unit * start, rates, 400)
    np.testing.assert_array_equal(other.status_codes(), one.status_codes())
    verdicts = [Status.SLOW, Status.CONVERGED, Status.OSCILLATING, Status.DIVERGED]
    assert set(one.status_codes().ravel()) == {list(Status).index(verdict) for verdict in verdicts}
    assert other.reason[0] == one.reason[0]
    assert one.status[0] == Status.SLOW


# --- leaving float64 ----------------------------------------------------------------------------


def test_first_bad_iteration_is_where_the_loss_overflows_before_nan():
    descent = gradient_descent(BOWL, START, 3.0, iterations=1000)
    first = descent.first_bad_iteration
    assert type(first) is int
    # W - 2 = -2 (-5)^k: its square leaves float64's range long before itself.
    assert first == int(np.ceil((np.log(np.finfo(float).max) / 2 - np.log(2)) / np.log(5)))
    assert np.isfinite(descent.loss[:first]).all()
    assert descent.loss[first] == np.inf
    assert np.isfinite(descent.theta[first]).all()
    assert np.isnan(descent.loss[-1])
    assert descent.until(first).status is Status.DIVERGED
    assert descent.until(first - 1).first_bad_iteration == -1


def test_a_start_beyond_float64_is_diverged_at_once():
    descent = gradient_descent(BOWL, [[1e200, 0.0]], 0.1, iterations=3)
    assert descent.first_bad_iteration == 0
    assert (descent.status_codes() == list(Status).index(Status.DIVERGED)).all()
    assert descent.reason.startswith("iteration 0: the squared residual overflowed first")


def test_infinite_is_diverged_and_nan_is_nan_from_the_start_on():
    infinite = gradient_descent(BOWL, [[1.7e308, 0.0]], 0.1, iterations=0)
    assert infinite.loss == infinite.gradient_norm == np.inf
    assert infinite.status is Status.DIVERGED
    nan = gradient_descent(BOWL, [[np.nan, 0.0]], 0.1, iterations=0)
    assert nan.status is Status.NAN
    assert nan.reason == "the start is not finite"


def test_nan_in_theta_counts_even_where_the_loss_overlooks_it():
    descent = gradient_descent(BOWL, START, 0.1, iterations=3)
    descent.theta[2, 0, 1] = np.nan
    assert descent.until(1).status is Status.SLOW
    assert descent.until(2).status is Status.NAN


def test_first_bad_iteration_of_a_batch():
    descent = gradient_descent(BOWL, START, [[0.1, 3.0], [1.01, 30.0]], iterations=500)
    first = descent.first_bad_iteration
    assert first.shape == (2, 2)
    assert first[0, 0] == first[1, 0] == -1
    assert 0 < first[1, 1] < first[0, 1] < 500
    assert first[1, 1] == descent.run((1, 1)).first_bad_iteration


def test_a_steeper_than_quadratic_loss_overflows_silently(capfd):
    descent = gradient_descent(Quartic(), np.full((2, 3), 10.0), [0.001, 1.0], iterations=50)
    assert [str(status) for status in descent.status] == ["slow", "nan"]
    np.testing.assert_array_equal(descent.first_bad_iteration, [-1, 4])
    repr(descent)
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


# --- until and run ------------------------------------------------------------------------------


@pytest.mark.parametrize("iteration", [0, 1, 7, 40])
def test_until_is_the_shorter_call(iteration):
    rates = [0.1, 0.97, 1.2]
    short = gradient_descent(BOWL, START, rates, iterations=iteration)
    until = gradient_descent(BOWL, START, rates, iterations=40).until(iteration)
    assert until.iterations == iteration
    assert_same(until, short.theta, short.loss)
    np.testing.assert_array_equal(until.gradient_norm, short.gradient_norm)
    np.testing.assert_array_equal(until.learning_rate, rates)
    assert until.status.tolist() == short.status.tolist()
    assert repr(until) == repr(short)


@pytest.mark.parametrize("iteration", [-1, 11])
def test_until_stays_within_the_record(iteration):
    descent = gradient_descent(BOWL, START, 0.1, iterations=10)
    with pytest.raises(ValueError, match=f"iteration must be .*, from 0 to 10, got {iteration}"):
        descent.until(iteration)


def test_run_wants_a_run_that_is_there():
    descent = gradient_descent(BOWL, START, [0.1, 0.2], iterations=10)
    with pytest.raises(ValueError, match="index must be a whole number, from -2 to 1, got 2"):
        descent.run(2)
    with pytest.raises(ValueError, match=r"index \(0, 0\) is too long: the batch has shape \(2,\)"):
        descent.run((0, 0))  # the iterations are no axis of the batch
    with pytest.raises(ValueError, match="index 0 is too long"):
        descent.run(0).run(0)


def test_repr_is_stable():
    one = gradient_descent(BOWL, START, 0.4, iterations=100)
    assert repr(one) == "Descent(1 run of 100 iterations: converged)"
    many = gradient_descent(BOWL, START, [[0.4, 0.45, 3.0]], iterations=1000)
    assert repr(many) == "Descent(3 runs of 1000 iterations: 2 converged, 1 nan)"


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0, -0.1, np.nan, np.inf, [0.1, -0.2]])
def test_rates_that_make_no_sense(rate):
    with pytest.raises(ValueError, match="learning_rate must be positive and finite, got") as error:
        gradient_descent(BOWL, START, rate, 10)
    assert f"got {np.ravel(rate)[-1]:.1f}: " in str(error.value)
    assert "try task.max_stable_learning_rate(theta) / 4" in str(error.value)


def test_rates_of_text():
    with pytest.raises(ValueError, match="learning_rate must be an array of real numbers"):
        gradient_descent(BOWL, START, "fast", 10)


@pytest.mark.parametrize("iterations", [2.0, "10", None, True, np.array([3])])
def test_iterations_must_be_a_whole_number(iterations):
    with pytest.raises(ValueError, match="iterations must be a whole number, got"):
        gradient_descent(BOWL, START, 0.1, iterations)


def test_iterations_must_not_be_negative():
    with pytest.raises(ValueError, match="iterations must be a whole number, at least 0, got -1"):
        gradient_descent(BOWL, START, 0.1, -1)


def test_any_kind_of_whole_number_counts():
    assert gradient_descent(BOWL, START, 0.1, np.int64(3)).iterations == 3
    assert gradient_descent(BOWL, START, 0.1, np.int8(127)).iterations == 127


def test_theta_of_another_shape():
    with pytest.raises(ValueError, match=r"theta has shape \(2, 2\), but .* \(\.\.\., 1, 2\)"):
        gradient_descent(BOWL, np.zeros((2, 2)), 0.1, 10)


def test_shapes_that_do_not_broadcast():
    with pytest.raises(ValueError, match="does not broadcast") as error:
        gradient_descent(BOWL, np.zeros((5, 1, 2)), np.full(4, 0.1), 10)
    assert "learning_rate of shape (4,)" in str(error.value)
    assert "theta's batch of shape (5,)" in str(error.value)
    assert "add an axis: learning_rate[:, None]" in str(error.value)


@pytest.mark.parametrize(("theta", "rates"), [(START, []), (np.zeros((0, 1, 2)), 0.1)])
def test_an_empty_batch(theta, rates):
    with pytest.raises(ValueError, match=r"no run to make: .*at least one start and one rate"):
        gradient_descent(BOWL, theta, rates, 10)


@pytest.mark.parametrize(
    ("rates", "iterations", "size"),
    [(1000, 10**6, r"\(1000, 1000001, 1, 2\), would take 14.9 GiB"), (1, 10**30, "GiB")],
)
def test_a_record_too_large(rates, iterations, size):
    with pytest.raises(ValueError, match=f"the record of theta, shape .*{size}: take fewer"):
        gradient_descent(BOWL, START, np.full(rates, 0.1), iterations)


def test_a_record_may_take_4_gib_but_not_a_number_more():
    with pytest.raises(ValueError, match="optimizer must be one"):  # this is looked at later
        gradient_descent(BOWL, START, 0.1, 2**28 - 1, optimizer="Adam")
    with pytest.raises(ValueError, match=r"would take 4\.0 GiB"):
        gradient_descent(BOWL, START, 0.1, 2**28, optimizer="Adam")


# --- reasons ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("learning_rate", "iterations", "reason"),
    [
        (0.25, 40, "since iteration 10, at most 1e-06 of the avoidable loss is left"),
        (0.005, 50, "36.6% of the avoidable loss is left after 50 iterations"),  # 0.99**100
        (0.95, 10, "the cosine of the last two steps is -1.000: they point apart"),
        (1.5, 3, "the loss is 256, above its first value 4"),  # doubled three times, squared
    ],
)
def test_a_reason_names_the_number_that_decided(learning_rate, iterations, reason):
    descent = gradient_descent(BOWL, START, learning_rate, iterations)
    assert descent.reason == reason
    batch = gradient_descent(BOWL, START, [learning_rate, 0.25], iterations)
    assert batch.reason[0] == reason


# With 2.5 the gradient is infinite an iteration before anything is NaN.
@pytest.mark.parametrize("learning_rate", [3.0, 2.5])
def test_the_autopsy_names_iteration_and_operation(learning_rate):
    # The error 2 is multiplied by 1 - 2ε: its square overflows once it is above sqrt(largest).
    factor = 2 * learning_rate - 1
    descent = gradient_descent(BOWL, START, learning_rate, 600)
    square = int(np.ceil(np.log(np.sqrt(np.finfo(float).max) / 2) / np.log(factor)))
    assert descent.first_bad_iteration == square
    assert descent.status is Status.NAN
    nan = int(np.argmax(np.isnan(descent.loss)))
    assert descent.reason.startswith(
        f"iteration {square}: the squared residual overflowed first, |θ| had reached "
    )
    assert descent.reason.endswith(f"NaN from iteration {nan} on")
    before = gradient_descent(BOWL, START, learning_rate, square + 1)
    assert before.status is Status.DIVERGED
    assert "NaN from" not in before.reason


def test_the_autopsy_of_a_step_too_long_names_the_update():
    descent = gradient_descent(BOWL, START, 1e308, 1)
    assert descent.first_bad_iteration == 1
    assert descent.reason.startswith("iteration 1: the update overflowed first")


@pytest.mark.parametrize("start", [[[np.nan, 0.0]], [[np.inf, -np.inf]], [[np.nan, np.nan]]])
def test_a_start_that_is_not_finite(start):
    descent = gradient_descent(BOWL, start, 0.1, 2)
    assert descent.status is Status.NAN
    assert descent.reason == "the start is not finite"


def test_a_run_stuck_on_a_saddle_says_what_is_above_the_least():
    from gdviz.surfaces import double_well

    surface = double_well(dims=1, tilt=0.0)
    top = np.zeros(surface.shape)
    descent = gradient_descent(surface, top, 0.01, 10)
    assert descent.status is Status.STUCK
    height = float(surface.loss(top)) - surface.least_loss
    assert descent.reason == (
        f"the gradient is zero at the start, but the loss 1 is {height:.3g} above the least"
    )


def test_what_is_left_is_measured_from_the_least_loss():
    task = LinearRegression(line(40))
    descent = gradient_descent(task, None, task.max_stable_learning_rate() / 50, iterations=20)
    (least,) = np.linalg.lstsq(task.X_tilde.T, task.y[0])[1] / 40
    left = (descent.loss[-1] - least) / (descent.loss[0] - least)
    assert 0.1 < left < 0.9
    assert descent.reason == f"{left:.1%} of the avoidable loss is left after 20 iterations"


@pytest.mark.parametrize("start", [0.5, 0.9])
def test_a_run_stuck_in_a_local_minimum_says_how_little_of_the_gradient_is_left(start):
    from gdviz.surfaces import double_well

    surface = double_well(dims=1)
    descent = gradient_descent(surface, np.full(surface.shape, start), 0.02, iterations=200)
    assert descent.status is Status.STUCK
    first, *_, last = descent.gradient_norm
    loss = descent.loss[-1]
    assert descent.reason == (
        f"the gradient is {last / first:.1e} of its first one, but the loss {loss:.3g} is "
        f"{loss - surface.least_loss:.3g} above the least"
    )


@pytest.mark.parametrize(("start", "iterations"), [([[0.3, 0.2]], 5), ([[0.0, 0.0]], 1)])
def test_nothing_is_said_of_a_least_loss_that_nobody_knows(start, iterations):
    from gdviz.surfaces import saddle

    descent = gradient_descent(saddle(), start, 0.01, iterations)
    assert descent.reason.endswith("no minimum is known")
    if descent.status is Status.SLOW:
        first, *_, last = descent.loss
        words = f"the loss, {first:.3g} at first, is {last:.3g} after 5 iterations; no minimum"
        assert descent.reason.startswith(words)
    else:
        assert descent.reason.startswith("the gradient is zero at the start, but no")


def test_a_loss_that_is_not_defined_has_not_overflowed():
    from gdviz.surfaces import Surface

    root = Surface(np.sqrt, lambda x: 0.5 / np.sqrt(x), window=(0.1, 3))
    assert gradient_descent(root, [[-0.5]], 0.1, 1).reason == (
        "iteration 0: the loss became NaN first, |θ| had reached 5.0e-01; NaN from iteration 0 on"
    )
    assert gradient_descent(root, [[0.01]], 0.1, 2).reason.startswith(
        "iteration 1: the loss became NaN first"
    )


# --- verdicts on steps --------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1e-150, 1.0, 1e200])
def test_the_cosine_of_steps_of_any_size(size):
    descent = gradient_descent(BOWL, START, 0.001, iterations=2)
    descent.theta[:] = size * np.array([[[0.0, 0.0]], [[1.0, 0.0]], [[0.4, 0.8]]])
    assert descent.status is Status.OSCILLATING
    assert descent.reason == "the cosine of the last two steps is -0.600: they point apart"


@pytest.mark.parametrize(("last_step", "status"), [(-1.0, Status.OSCILLATING), (0.0, Status.SLOW)])
def test_only_the_last_two_steps_may_point_against_each_other(last_step, status):
    descent = gradient_descent(BOWL, START, 0.001, iterations=3)
    assert descent.status is Status.SLOW
    # To the right, up, and to the left: a right angle each. The first step does not count.
    descent.theta[:] = [[[0.0, 0.0]], [[1.0, 0.0]], [[1.0, 1.0]], [[0.0, 1.0 + last_step]]]
    assert descent.status is status


def test_a_descent_is_itself_alone_and_stays_as_it_is():
    descent, same = (gradient_descent(BOWL, START, 0.1, iterations=3) for _ in range(2))
    assert descent != same
    with pytest.raises(AttributeError, match="loss"):
        descent.loss = same.loss
