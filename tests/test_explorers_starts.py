"""StartsExplorer under every control, against loops in plain Python."""

import math

import numpy as np
import pytest

import gdviz as gd
from gdviz.explorers.controls import CHOSEN, FIRST_SEED
from gdviz.explorers.starts import BEYOND, DRAW_BINS, LOSS_BINS

MINIMA = (-1.0355787, 0.9601496)
"""Of (x² - 1)² + 0.3x, the lowest first."""


def loss(x):
    with np.errstate(all="ignore"):
        return np.square(x * x - 1) + 0.3 * x


def plain_path(x, rate, iterations):
    """Descend in the double well; a path that runs off becomes infinite, then NaN."""
    path = [x := float(x)]
    for _ in range(iterations):
        x = x - rate * (4 * x * (x * x - 1) + 0.3)
        path.append(x)
    return path


def plain_end(path, rate):
    """Return 0 or 1 for a minimum, 2 for none, 3 if diverged."""
    start, x = path[0], path[-1]
    for number, minimum in enumerate(MINIMA):
        if abs(x - minimum) <= 0.04 and rate < 2 / (12 * minimum**2 - 4):
            return number
    return 3 if math.isnan(x) or (abs(x) > 2 and not loss(x) <= loss(start)) else 2


def pixels_of(axes, x, y):
    with np.errstate(all="ignore"):
        points = axes.transData.transform(np.stack(np.broadcast_arrays(x, y), axis=-1)) / 2
    return np.stack([points[:, 0], 440 - points[:, 1]])


def marks_of(explorer, kind, axes=None):
    return [
        mark
        for mark in explorer.scene.marks
        if getattr(mark, "kind", "text") == kind and axes in (None, getattr(mark, "axes", None))
    ]


def heights(explorer, axes, along=0):
    """Return edges and bars of a histogram in the axes' units, a row of bars for each kind."""
    position, stacked = explorer.position, []
    for area in reversed(marks_of(explorer, "area", axes)):
        x, y = (np.asarray(c, dtype=float) for c in area.at(position))
        points = axes.transData.inverted().transform(np.stack([2 * x, 880 - 2 * y], axis=-1))
        stacked.append(points)
    edges = stacked[0][::2, along]
    bars = np.array([points[1:-1:2, 1 - along] for points in stacked])
    return edges, np.diff(bars, axis=0, prepend=0)


def assert_shows(explorer, starts):
    """What is drawn and said is what descents from ``starts``, one after the other, give."""
    position, axes = explorer.position, explorer._on_landscape
    rate, k = explorer.learning_rate.value, explorer.iteration.value
    paths = [plain_path(x, rate, explorer.iteration.max) for x in starts]
    ends = [plain_end(path, rate) for path in paths]
    now = np.array([path[k] for path in paths])
    losses = np.where(np.isnan(loss(now)), np.inf, loss(now))

    [cloud] = marks_of(explorer, "points")
    actual, expected = np.array(cloud.at(position)), pixels_of(axes, now, losses)
    near = (np.abs(expected) < 1e4).all(axis=0)
    np.testing.assert_allclose(actual[:, near], expected[:, near], rtol=0, atol=0.01)
    inside = (actual > 0).all(axis=0) & (actual[0] < 1100) & (actual[1] < 440)
    assert not inside[~near].any()
    assert cloud.codes_at(position).tolist() == ends

    explorer_shares = [ends.count(0) / len(ends), ends.count(1) / len(ends)]
    np.testing.assert_allclose(explorer.shares, explorer_shares)
    texts = [text.at(position) for text in marks_of(explorer, "text")]
    counted = [f"{round(100 * ends.count(end) / len(ends))} %" for end in range(4)]
    assert texts[:4] == counted
    assert f"ε = {rate:.3g}" in texts
    assert f"iteration {k}" in texts

    low, high = loss(MINIMA[0]), 9.6
    _, bars = heights(explorer, explorer._on_losses)
    assert bars.shape == (4, LOSS_BINS + 2)  # the last but one is the gap
    edges = low + (high - low) * np.linspace(0, 1, LOSS_BINS + 1) ** 2
    for end in range(4):
        mine = losses[np.array(ends) == end]
        counts = [*np.histogram(np.maximum(mine, low), edges)[0], 0, np.sum(mine > high)]
        np.testing.assert_allclose(bars[end], np.array(counts) / len(ends), atol=1e-4)
    assert explorer.description.endswith(
        f"learning rate {rate:.3g}, iteration {k} of {explorer.iteration.max}: lowest loss "
        f"{losses.min():.3g}, median {np.median(losses):.3g}"
    )


@pytest.fixture(scope="module")
def shared():
    """An explorer for tests that move only what moves in the browser."""
    return gd.StartsExplorer(
        gd.surfaces.double_well(), initialization=gd.Gaussian(0.2, 1.3), n_starts=40
    )


@pytest.fixture
def explorer():
    return gd.StartsExplorer(gd.surfaces.double_well(), n_starts=20, iterations=30)


def drawn(initialization, n, seed=FIRST_SEED):
    """Draw with NumPy itself."""
    rng = np.random.default_rng(seed)
    if isinstance(initialization, gd.Gaussian):
        return rng.normal(initialization.mu, initialization.sigma, n)
    return rng.uniform(initialization.a, initialization.b, n)


# --- what moves in the browser ------------------------------------------------------------------


def test_every_learning_rate_at_many_iterations(shared):
    starts = drawn(gd.Gaussian(0.2, 1.3), 40)
    seen = set()
    for rate in shared.learning_rate.stops:
        shared.learning_rate.value = rate
        for iteration in (0, 1, 2, 7, 43, 100):
            shared.iteration.value = iteration
            assert_shows(shared, starts)
        seen.update(marks_of(shared, "points")[0].codes_at(shared.position))
    assert seen == {0, 1, 2, 3}


def test_sliders_send_no_scene(explorer, sent):
    messages = sent(explorer.canvas)
    for rate in explorer.learning_rate.stops:
        explorer.learning_rate.value = rate
        explorer.iteration.value += 3
    assert messages == []


def test_rates_are_fractions_of_the_largest_that_can_rest(shared):
    limit = max(2 / (12 * x**2 - 4) for x in MINIMA)
    expected = np.array([0.02, 0.1, 0.25, 0.5, 0.9, 1.1]) * limit
    np.testing.assert_allclose(shared.learning_rate.stops, expected, rtol=0.05)
    np.testing.assert_allclose(shared.minima.ravel(), MINIMA, atol=1e-6)


# --- what asks the kernel -----------------------------------------------------------------------


def test_every_control_of_the_initialization(explorer):
    control = explorer.initialization
    explorer.iteration.value = 5

    def check(distribution, n=20, seed=FIRST_SEED):
        assert control.value == distribution
        starts = drawn(distribution, n, seed)
        np.testing.assert_array_equal(explorer.starts, starts[:, None, None])
        assert_shows(explorer, starts)

    check(gd.Gaussian(0, 1))
    first, second = control.parameters
    first.value = -1.5
    check(gd.Gaussian(-1.5, 1))
    for sigma in (0, 0.05, 2.5, 10):
        second.value = sigma
        check(gd.Gaussian(-1.5, sigma))
    control.kind.value = "Uniform"
    check(gd.Uniform(-1, 1))
    for a in (-10, -3, 1):
        first.value = a
        check(gd.Uniform(a, 1))
    second.value = 10
    check(gd.Uniform(1, 10))
    control.new_sample.click()
    check(gd.Uniform(1, 10), seed=FIRST_SEED + 1)
    control.value = gd.Uniform(-2, 2)
    for n in explorer.n_starts.options:
        explorer.n_starts.value = n
        check(gd.Uniform(-2, 2), n, seed=FIRST_SEED + 1)


def test_fewer_starts_are_the_first_of_more(explorer):
    before = explorer.starts
    explorer.n_starts.value = 50
    np.testing.assert_array_equal(explorer.starts[:20], before)
    explorer.n_starts.value = 5
    np.testing.assert_array_equal(explorer.starts, before[:5])


def test_what_is_seen_of_other_starts_is_sent_before_the_rest(explorer, scenes, same_picture):
    shown = scenes(explorer)
    explorer.learning_rate.value = explorer.learning_rate.stops[3]
    explorer.initialization.value = gd.Gaussian(0.2, 2)
    explorer.n_starts.value = 10
    assert len(shown) == 4
    for seen, whole in (shown[:2], shown[2:]):
        assert seen.n_bytes < whole.n_bytes / 4
        for iteration in range(0, explorer.iteration.max + 1, 5):
            same_picture(seen, whole, {**explorer.position, "iteration": iteration})


def test_the_kernel_sends_two_scenes_and_no_painting(explorer, sent):
    messages = sent(explorer.canvas)
    explorer.initialization.value = gd.Gaussian(0, 3)
    explorer.n_starts.value = 10
    explorer.initialization.new_sample.click()
    assert len(messages) == 6
    assert not any(("painting",) in message for message in messages)


@pytest.mark.parametrize(
    "distribution", [gd.Gaussian(0.4, 0.8), gd.Uniform(-1.7, 0.9), gd.Gaussian(0, 9)]
)
def test_the_histogram_of_the_draw_and_its_density(explorer, distribution):
    explorer.n_starts.value = 200
    explorer.initialization.value = distribution
    starts = drawn(distribution, 200)
    [axes] = explorer._on_draws
    edges, bars = heights(explorer, axes)
    np.testing.assert_allclose(edges, np.linspace(-2, 2, DRAW_BINS + 1), atol=1e-3)
    counts = np.histogram(starts, np.linspace(-2, 2, DRAW_BINS + 1))[0]
    total = bars.sum(axis=0)
    scale = total.sum() / counts.sum()
    np.testing.assert_allclose(total, scale * counts, atol=2e-3)

    [curve] = marks_of(explorer, "line", axes)
    x, y = (np.asarray(c, dtype=float) for c in curve.at(explorer.position))
    x, y = axes.transData.inverted().transform(np.stack([2 * x, 880 - 2 * y], axis=-1)).T
    if isinstance(distribution, gd.Gaussian):
        z = (x - distribution.mu) / distribution.sigma
        density = np.exp(-(z**2) / 2) / (distribution.sigma * math.sqrt(2 * math.pi))
    else:
        density = ((distribution.a < x) & (x < distribution.b)) / 2.6
    np.testing.assert_allclose(y, scale * 200 * 0.1 * density, atol=0.02)
    assert max(y.max(), total.max()) == pytest.approx(0.95, abs=0.01)


def test_starts_outside_the_picture_are_counted(explorer):
    def told():
        return [text.at(explorer.position) for text in marks_of(explorer, "text")][-1]

    explorer.initialization.value = gd.Uniform(-1, 1)
    assert told() == ""
    explorer.initialization.value = gd.Gaussian(0, 3)
    outside = np.sum(np.abs(drawn(gd.Gaussian(0, 3), 20)) > 2)
    assert told() == f"{outside} of 20 start outside the picture"


def test_the_descent_that_is_shown(explorer):
    explorer.learning_rate.value = explorer.learning_rate.stops[3]
    explorer.iteration.value = 7
    descent = explorer.descent
    assert descent.theta.shape == (20, 8, 1, 1)
    for start, path in zip(explorer.starts.ravel(), descent.theta[..., 0, 0], strict=True):
        expected = plain_path(start, explorer.learning_rate.value, 7)
        np.testing.assert_allclose(path, expected, rtol=1e-9)


# --- two parameters -----------------------------------------------------------------------------


def test_a_model_of_two_parameters():
    data = gd.datasets.penguins().standardized()
    x, y = data.X[:, 0], data.y
    explorer = gd.StartsExplorer(gd.LinearRegression(data), n_starts=30)
    starts = np.random.default_rng(FIRST_SEED).normal(0, 1, (30, 1, 2))
    np.testing.assert_array_equal(explorer.starts, starts)
    best = np.array([np.mean(x * y), 0.0])  # both columns are standardized
    for rate in explorer.learning_rate.stops:
        explorer.learning_rate.value = rate
        for iteration in (0, 3, 20):
            explorer.iteration.value = iteration
            expected = []
            for W, b in starts[:, 0]:
                for _ in range(iteration):
                    residual = W * x + b - y
                    W, b = (
                        W - rate * 2 * np.mean(residual * x),
                        b - rate * 2 * np.mean(residual),
                    )
                expected.append((W, b))
            expected = np.array(expected)
            [cloud] = marks_of(explorer, "points")
            np.testing.assert_allclose(
                cloud.at(explorer.position),
                pixels_of(explorer._on_landscape, *expected.T),
                rtol=0,
                atol=0.01,
            )
        ends = cloud.codes_at(explorer.position)
        # Each step multiplies the distance to the minimum by 1 - 2ε.
        distance = np.abs(starts[:, 0] - best) * abs(1 - 2 * rate) ** 100
        size = np.ptp(explorer._endings.destinations.window, axis=1)
        arrived = np.linalg.norm(distance / size, axis=1) <= 0.01
        expected_ends = np.where(arrived, 0, 2 if rate > 1 else 1)
        assert ends.tolist() == expected_ends.tolist()
    assert explorer._on_landscape.get_xlabel() == "W"


def test_histograms_of_both_coordinates():
    explorer = gd.StartsExplorer(gd.surfaces.bumpy(2), n_starts=100)
    low, high = -4, 4
    for side, axes in enumerate(explorer._on_draws):
        edges, bars = heights(explorer, axes, along=side)
        np.testing.assert_allclose(edges, np.linspace(low, high, DRAW_BINS + 1), atol=1e-3)
        counts = np.histogram(explorer.starts[:, 0, side], np.linspace(low, high, DRAW_BINS + 1))[0]
        total = bars.sum(axis=0)
        np.testing.assert_allclose(total, counts * total.sum() / counts.sum(), atol=5e-3)


# --- one's own ----------------------------------------------------------------------------------


def test_learning_rates_may_be_given():
    explorer = gd.StartsExplorer(
        gd.surfaces.double_well(), learning_rates=[0.2, 0.05], n_starts=7, iterations=np.int64(9)
    )
    assert explorer.learning_rate.stops.tolist() == [0.05, 0.2]
    assert explorer.iteration.max == 9
    assert 7 in explorer.n_starts.options
    assert_shows(explorer, drawn(gd.Gaussian(), 7))


def test_more_minima_than_colours():
    surface = gd.Surface(
        lambda x: 0.01 * x**2 + np.cos(3 * x),
        lambda x: 0.02 * x - 3 * np.sin(3 * x),
        window=(-10, 10),
    )
    explorer = gd.StartsExplorer(surface, initialization=gd.Uniform(-10, 10), n_starts=200)
    explorer.learning_rate.value = explorer.learning_rate.stops[2]
    assert len(explorer.minima) == len(explorer.shares) == 10
    assert len(explorer._endings.colors) == 8
    assert explorer._endings.names[5] == "one of 5 higher minima"
    codes = marks_of(explorer, "points")[0].codes_at(explorer.position)
    shown = np.bincount(codes, minlength=8) / 200
    np.testing.assert_allclose(shown[:5], explorer.shares[:5])
    assert shown[5] == pytest.approx(explorer.shares[5:].sum())
    assert shown.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    "task",
    [
        gd.LogisticRegression([-2.0, -1.0, 1.0, 2.0], [0, 1, 0, 1]),
        gd.LogisticRegression([-2.0, -1.0, 1.0, 2.0], [0, 0, 1, 1]),  # without a minimum
        gd.LinearRegression(gd.datasets.penguins()),
        gd.LinearRegression([5], [7]),
        gd.surfaces.saddle(),
        gd.surfaces.rosenbrock(),
        gd.surfaces.bowl(1),
        gd.Surface(lambda x: abs(x), lambda x: 1 if x > 0 else -1, window=(-2, 2)),
    ],
    ids=repr,
)
def test_all_kinds_of_tasks_have_explorers(task):
    explorer = gd.StartsExplorer(task, n_starts=5, iterations=10)
    explorer.learning_rate.value = explorer.learning_rate.stops[-1]
    explorer.iteration.value = 10
    for initialization in (gd.Gaussian(0, 0), gd.Uniform(1, 1), gd.Gaussian(-9, 10)):
        explorer.initialization.value = initialization
    assert explorer.still()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: gd.StartsExplorer(gd.LinearRegression(np.eye(3), [1, 2, 3])), "4 parameters"),
        (
            lambda: gd.StartsExplorer(gd.surfaces.bowl(), n_starts=0),
            "must be a whole number, at least 1",
        ),
        (lambda: gd.StartsExplorer(gd.surfaces.bowl(), n_starts=9999), "n_starts must not exceed"),
        (lambda: gd.StartsExplorer(gd.surfaces.bowl(), n_starts=2.5), "must be a whole number"),
        (lambda: gd.StartsExplorer(gd.surfaces.bowl(), iterations=0), "iterations .* from 1 to"),
        (lambda: gd.StartsExplorer(gd.surfaces.bowl(), iterations=20_000), "n_starts must not"),
        (lambda: gd.StartsExplorer(gd.surfaces.bowl(), initialization="N"), r"gd\.Gaussian"),
        (lambda: gd.StartsExplorer(gd.surfaces.bowl(), learning_rates=[0, 1]), "must be positive"),
        (lambda: gd.StartsExplorer(gd.surfaces.bowl(), learning_rates=[]), "must be positive"),
    ],
)
def test_wrong_input_is_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_representations(shared):
    data, metadata = shared._repr_mimebundle_()
    assert data["text/plain"] == repr(shared) == "StartsExplorer(Surface(double well, 1 parameter))"
    assert metadata["image/png"]["alt"] == shared.description


def test_the_scale_of_losses_ends_before_the_bar_beyond_it(shared):
    axes = shared._on_losses
    assert 1 < BEYOND[0] < BEYOND[1] < axes.get_xlim()[1]
    labels = [tick.get_text() for tick in axes.get_xticklabels()]
    assert labels[0] == f"{loss(MINIMA[0]):.2g}"
    assert labels[-1] == "higher"


def test_on_a_page_without_a_kernel_there_are_as_many_starts_as_have_room():
    for max_bytes, expected in ((1_000_000, {500}), (50_000, {100, 200}), (100, {50})):
        explorer = gd.StartsExplorer(gd.surfaces.double_well(), n_starts=500, iterations=40)
        explorer.freeze(max_bytes)
        assert explorer.n_starts.value in expected
        assert explorer.scene.n_packed_bytes <= max(max_bytes, 30_000)
        assert explorer.n_starts.disabled
        assert explorer.initialization.kind.disabled
        assert not explorer.learning_rate.disabled


def test_on_a_page_without_a_kernel_the_distribution_can_be_chosen():
    explorer = gd.StartsExplorer(gd.surfaces.double_well(), n_starts=20, iterations=30)
    seed = explorer.initialization.seed
    explorer.freeze(1_000_000)
    μ, σ, sample = (explorer.controls[name] for name in CHOSEN)
    assert len(μ.stops) == 5
    for mean, deviation, number in ((0, 1, 1), (μ.stops[0], σ.stops[-1], 2), (μ.stops[-1], 0.5, 1)):
        μ.value, σ.value, sample.value = mean, deviation, number
        distribution = gd.Gaussian(mean, deviation)
        alone = gd.StartsExplorer(
            gd.surfaces.double_well(), initialization=distribution, n_starts=20, iterations=30
        )
        alone.initialization.seed = seed + number - 1
        for rate in alone.learning_rate.stops[[0, 3]]:
            for iteration in (0, 7):
                explorer.learning_rate.value = alone.learning_rate.value = rate
                explorer.iteration.value = alone.iteration.value = iteration
                assert explorer.description == alone.description
                for mark, other in zip(explorer.scene.marks, alone.scene.marks, strict=True):
                    found, expected = mark.at(explorer.position), other.at(alone.position)
                    if isinstance(expected, str):
                        assert found == expected
                    else:
                        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3)
