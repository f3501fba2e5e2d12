"""A DescentExplorer of any task: curves, maps, surfaces in space, planes of paths, and its fits.

What is drawn is compared with plain descents, one θ at a time.
"""

import numpy as np
import pytest

import gdviz as gd
from gdviz.explorers.fits import regions
from gdviz.landscape import LARGEST

PENGUINS = gd.datasets.penguins
BILL = ["bill_length_mm", "bill_depth_mm"]


def of_two_species(features, *species):
    data = PENGUINS(features, "species")
    kept = np.isin(data.y, species)
    names = {"feature_names": data.feature_names, "target_name": data.target_name}
    return gd.datasets.Dataset(data.X[kept], data.y[kept], **names).standardized()


def one_feature():
    return gd.LogisticRegression(of_two_species("bill_length_mm", "Adelie", "Chinstrap"))


def two_features():
    return gd.LogisticRegression(of_two_species(BILL, "Adelie", "Gentoo"))


def three_species():
    return gd.SoftmaxRegression(PENGUINS(BILL, "species").standardized())


def penguins_as_measured():
    return gd.LinearRegression(PENGUINS())


def three_species_one_feature():
    return gd.SoftmaxRegression(PENGUINS("bill_length_mm", "species").standardized())


def four_features():
    features = [*BILL, "flipper_length_mm", "body_mass_g"]
    return gd.SoftmaxRegression(PENGUINS(features, "species").standardized())


def two_features_and_a_number():
    return gd.LinearRegression(PENGUINS(BILL, "body_mass_g").standardized())


TASKS = {
    "bumpy curve": lambda: gd.surfaces.bumpy(1),
    "bowl": gd.surfaces.bowl,
    "saddle": gd.surfaces.saddle,
    "double well": lambda: gd.surfaces.double_well(2),
    "Rosenbrock": gd.surfaces.rosenbrock,
    "own": lambda: gd.surfaces.Surface(abs, np.sign, window=(-1, 3)),
    "logistic 1": one_feature,
    "logistic 2": two_features,
    "softmax 1": three_species_one_feature,
    "softmax 2": three_species,
    "softmax 4": four_features,
    "linear 2": two_features_and_a_number,
}


@pytest.fixture(scope="module", params=TASKS)
def explorer(request):
    return gd.DescentExplorer(TASKS[request.param](), iterations=60)


def plain_descent(task, theta, rate, iterations):
    path = [theta]
    with np.errstate(all="ignore"):
        for _ in range(iterations):
            J = task.jacobian(theta)
            theta = theta - rate * J.mT
            path.append(theta)
        return np.array(path), np.array([task.loss(theta) for theta in path])


def data_of(axes, points):
    """Map pixels of the figure back to data coordinates."""
    width, height = axes.figure.get_size_inches() * 100
    fractions = np.stack([points[0] / width, 1 - points[1] / height], axis=-1)
    return (axes.figure.transFigure - axes.transData).transform(fractions).T


def assert_drawn(marks, position, x, y):
    """The points drawn are these, to a fiftieth of a pixel, where they are near the picture."""
    axes = marks.axes
    drawn = np.array(marks.at(position), dtype=float)
    with np.errstate(all="ignore"):
        where = (axes.transData - axes.figure.transFigure).transform(np.stack([x, y], axis=-1))
    width, height = axes.figure.get_size_inches() * 100
    expected = np.stack([where[:, 0] * width, (1 - where[:, 1]) * height])
    assert drawn.shape == expected.shape
    near = (np.abs(expected) < 1e4).all(axis=0)
    assert near.any()
    np.testing.assert_allclose(drawn[:, near], expected[:, near], rtol=0, atol=0.02)


def positions(explorer):
    stops = explorer.learning_rate.stops
    for rate in (*stops[:: len(stops) // 4], stops[-1]):
        explorer.learning_rate.value = rate
        for iteration in (0, 1, 7, 60):
            explorer.iteration.value = iteration
            yield rate, iteration, explorer.position


def test_the_descents_are_plain_descents(explorer):
    task, ground = explorer.task, explorer._ground
    n_parameters = np.prod(task.shape)
    for rate, iteration, position in positions(explorer):
        theta, loss = plain_descent(task, explorer.start, rate, iteration)
        if n_parameters == 1:
            x, y = theta[:, 0, 0], loss
        else:
            directions = ground.plane.directions.reshape(2, -1)
            offset = (theta - ground.plane.origin).reshape(-1, n_parameters)
            with np.errstate(all="ignore"):
                x, y = directions @ offset.T
        path, first, now = explorer.scene.marks[:3]
        on_landscape, on_loss = explorer._axes[:2]
        assert path.axes is now.axes is on_landscape
        assert_drawn(first, position, x[:1], y[:1])
        assert_drawn(path, position, x, y)
        k = np.arange(iteration + 1)
        curve = next(m for m in explorer.scene.marks[3:] if getattr(m, "axes", None) is on_loss)
        assert_drawn(curve, position, k, loss)


@pytest.mark.parametrize("task", [gd.surfaces.bowl(1), gd.surfaces.double_well(1)], ids=str)
def test_a_half_disc_stands_at_the_end_of_the_curve_that_was_left(task):
    explorer = gd.DescentExplorer(task, iterations=60)
    left, right = explorer._axes[0].get_xlim()
    ends = set()
    for start in (-1.9, 1.9):
        explorer.start = [[start]]
        for rate, iteration, position in positions(explorer):
            theta, _ = plain_descent(task, explorer.start, rate, iteration)
            place, half_disc = theta[-1, 0, 0], explorer.scene.marks[3]
            if left <= place <= right or np.isnan(place):
                assert np.isnan(half_disc.at(position)).any()
            else:
                end = np.array([left if place < left else right])
                assert_drawn(half_disc, position, end, task.loss(end[:, None, None]))
                ends.add(end[0])
    assert ends == {left, right}


def test_the_window_shows_the_start_and_the_good_descent(explorer):
    axes = explorer._axes[0]
    explorer.learning_rate.value = explorer._stop_near(explorer._limit / 4)
    explorer.iteration.value = 60
    if isinstance(explorer.task, gd.surfaces.Surface) and explorer.task.name == "saddle":
        return  # its descents leave every window
    x, y = data_of(axes, explorer.scene.marks[0].at(explorer.position))
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    assert ((left <= x) & (x <= right)).all()
    assert ((low <= y) & (y <= high)).all()


def test_presets_keep_their_word(explorer):
    [presets] = [
        child
        for row in explorer.children
        for child in getattr(row, "children", ())
        if type(child).__name__ == "Presets"
    ]
    assert list(presets.positions)[:3] == ["too small", "good", "too large"]
    if "NaN" in presets.positions:
        explorer.learning_rate.value = explorer.learning_rate.stops[-1]
        explorer.iteration.value = 60
        assert explorer.descent.status == gd.Status.NAN


def test_the_loss_curve_has_room_for_every_loss_in_the_window(explorer):
    low, high = explorer._axes[1].get_ylim()
    losses = explorer._ground.picture.loss
    assert losses.max() < high
    if explorer._axes[1].get_yscale() == "log":
        assert low > 0
        assert explorer.task.least_loss >= -1e-12 * high
    else:
        assert low < losses.min() < 0
    assert high < LARGEST


def test_new_starts_and_samples(explorer):
    explorer.learning_rate.value = explorer._stop_near(explorer._limit / 4)
    before = explorer.start
    explorer.initialization.new_sample.click()
    assert not np.array_equal(explorer.start, before)
    explorer.iteration.value = 5
    theta, loss = plain_descent(explorer.task, explorer.start, explorer.learning_rate.value, 5)
    np.testing.assert_allclose(explorer.descent.theta, theta, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(explorer.descent.loss, loss, rtol=1e-9, atol=1e-12)
    assert f"iteration 5 of 60: loss {loss[-1]:.3g}," in explorer.description


def test_a_click_starts_there(explorer):
    axes = explorer._axes[0]
    middle = np.array([np.mean(axes.get_xlim()), np.mean(axes.get_ylim())])
    spot = middle + 0.1 * np.array([np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim())])
    x, y = axes.transData.transform(spot) / 2
    click = {"type": "click", "axes": 0, "x": x, "y": 430 - y}
    plane = explorer._ground.plane
    explorer.canvas._handle_custom_msg(click, [])
    expected = plane.origin + np.tensordot(spot[: len(plane.names)], plane.directions, 1)
    np.testing.assert_allclose(explorer.start, expected, rtol=0, atol=1e-9)


# --- surfaces in space --------------------------------------------------------------------------


@pytest.mark.parametrize("make", [gd.surfaces.bumpy, gd.surfaces.ravine, three_species])
def test_the_surface_has_the_path_lying_on_it(make, sent):
    task = make()
    explorer = gd.DescentExplorer(task, iterations=60)
    explorer.iteration.value = 30
    messages = sent(explorer.canvas)
    explorer.view.value = "surface"
    assert len(messages) == 1
    assert ("painting",) in messages[0]
    flat, solid = explorer._axes[0], explorer._views["surface"].axes
    assert not flat.get_visible()
    assert solid.get_visible()

    theta, loss = plain_descent(task, explorer.start, explorer.learning_rate.value, 30)
    plane = explorer._ground.plane
    u, v = plane.directions.reshape(2, -1) @ (theta - plane.origin).reshape(31, -1).T
    for azimuth, elevation in ((-60, 35), (30, 35), (30, 80)):
        explorer.azimuth.value, explorer.elevation.value = azimuth, elevation
        assert (solid.azim, solid.elev) == (azimuth, elevation)
        drawn = np.array(explorer.scene.marks[0].at(explorer.position), dtype=float)
        homogeneous = solid.get_proj() @ np.stack([u, v, loss, np.ones(31)])
        x, y = homogeneous[:2] / homogeneous[3]
        pixels = solid.transData.transform(np.stack([x, y], axis=-1)).T / 2
        np.testing.assert_allclose(drawn, [pixels[0], 430 - pixels[1]], rtol=0, atol=0.02)

    start = explorer.start
    explorer.canvas._handle_custom_msg({"type": "click", "axes": 0, "x": 200, "y": 200}, [])
    assert explorer.start is start  # a place on the surface is a line of sight
    explorer.view.value = "map"
    assert flat.get_visible()
    assert explorer.azimuth.disabled
    assert explorer.scene.marks[0].axes is flat


@pytest.mark.parametrize("make", [penguins_as_measured, three_species])
def test_words_and_numbers_around_the_surface_are_whole(make):
    explorer = gd.DescentExplorer(make(), iterations=60)
    explorer.view.value = "surface"
    figure, solid = explorer._figure, explorer._views["surface"].axes
    for azimuth, elevation in ((-60, 35), (30, 35), (-150, 60), (75, 50)):
        explorer.azimuth.value, explorer.elevation.value = azimuth, elevation
        for axis in (solid.xaxis, solid.yaxis, solid.zaxis):
            box = axis.get_tightbbox(figure._get_renderer())
            assert min(box.x0, box.y0) >= 0
            assert box.x1 <= 0.44 * figure.bbox.width  # where the loss curve begins


def test_outside_the_surface_nothing_is_drawn():
    explorer = gd.DescentExplorer(gd.surfaces.ravine(), start=[[3.0, 1.5]], iterations=60)
    explorer.view.value = "surface"
    explorer.learning_rate.value = explorer.learning_rate.stops[-1]
    explorer.iteration.value = 60
    x, _ = explorer.scene.marks[0].at(explorer.position)
    drawn = np.isfinite(x)
    assert drawn[0]
    assert not drawn[-1]
    assert len(explorer.still()) > 10_000


def test_a_curve_has_no_second_view():
    explorer = gd.DescentExplorer(gd.surfaces.bowl(1), iterations=9)
    assert list(explorer._views) == ["map"]
    shown = [child for row in explorer.children for child in getattr(row, "children", ())]
    assert explorer.view not in shown
    assert explorer.azimuth not in shown


# --- planes of paths ----------------------------------------------------------------------------


def test_the_plane_says_how_much_of_the_path_it_keeps():
    task = three_species()
    explorer = gd.DescentExplorer(task, iterations=60)
    explorer.iteration.value = 3
    for rate in explorer.learning_rate.stops[::5]:
        explorer.learning_rate.value = rate
        theta, _ = plain_descent(task, explorer.start, rate, 60)
        offset = (theta - theta.mean(axis=0)).reshape(61, -1)
        inside = offset @ explorer._ground.plane.directions.reshape(2, -1).T
        kept = 100 * (inside**2).sum() / (offset**2).sum()
        [text] = [m.at(explorer.position) for m in explorer.scene.marks if "keeps" in str(m)]
        assert text == f"plane keeps {kept:.1f} % of the path"


def test_a_star_marks_only_a_minimum_in_the_plane():
    settled = gd.DescentExplorer(two_features_and_a_number(), iterations=400)
    [star] = settled._ground.minimizers()
    np.testing.assert_allclose(star, settled.task.minimizer())
    hardly_begun = gd.DescentExplorer(three_species(), iterations=3)
    assert hardly_begun._ground.minimizers() is None
    separable = gd.DescentExplorer(two_features(), iterations=60)
    assert separable._ground.minimizers() is None


# --- fits ---------------------------------------------------------------------------------------


def fit_marks(explorer):
    return [m for m in explorer.scene.marks if getattr(m, "axes", None) is explorer._axes[-1]]


@pytest.mark.parametrize("make", [one_feature, three_species_one_feature])
def test_probabilities_are_those_of_the_lecture(make):
    task = make()
    explorer = gd.DescentExplorer(task, iterations=60)
    axes = explorer._axes[2]
    curves = fit_marks(explorer)
    assert len(curves) == (1 if len(task.classes) == 2 else 3)
    for rate, iteration, position in positions(explorer):
        theta, _ = plain_descent(task, explorer.start, rate, iteration)
        W, b = theta[-1].T
        x, _ = data_of(axes, curves[0].at(position))
        z = np.outer(x, W) + b
        if len(task.classes) == 2:
            expected = 1 / (1 + np.exp(-z))
        else:
            z -= z.max(axis=1, keepdims=True)
            expected = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        for curve, probability in zip(curves, expected.T, strict=True):
            _, y = data_of(axes, curve.at(position))
            np.testing.assert_allclose(y, probability, rtol=0, atol=1e-4)


@pytest.mark.parametrize("make", [two_features, three_species])
def test_a_sample_lies_in_the_region_of_the_class_that_is_predicted(make):
    from matplotlib.path import Path

    task = make()
    explorer = gd.DescentExplorer(task, iterations=60)
    areas = fit_marks(explorer)
    assert len(areas) == len(task.classes)
    rng = np.random.default_rng(0)
    axes = explorer._axes[2]
    box = np.array([axes.get_xlim(), axes.get_ylim()])
    points = rng.uniform(*box.T, size=(200, 2))
    for rate, iteration, position in positions(explorer):
        theta, _ = plain_descent(task, explorer.start, rate, iteration)
        sure = task.probabilities(theta[-1], points).max(axis=-1) > 0.51  # not on a border
        predicted = task.predict(theta[-1], points)
        for area, name in zip(areas, task.classes, strict=True):
            corners = data_of(axes, area.at(position)).T
            corners = corners[np.isfinite(corners).all(axis=1)]
            inside = (
                Path(corners).contains_points(points)
                if len(corners) >= 3
                else np.zeros(len(points), dtype=bool)
            )
            np.testing.assert_array_equal(inside[sure], predicted[sure] == name)


def test_regions_share_out_the_whole_window():
    rng = np.random.default_rng(1)
    theta = rng.normal(size=(500, 5, 3))
    total = 0.0
    for x, y in regions(theta, np.array([[-1.0, 3.0], [0.0, 2.0]])):
        assert x.shape == y.shape == (500, 8)
        gone = np.isnan(x)
        x, y = (np.where(gone, c[:, :1], c) for c in (x, y))  # the first corner once more
        area = (x * np.roll(y, -1, axis=-1) - np.roll(x, -1, axis=-1) * y).sum(axis=-1) / 2
        total = total + np.where(gone[:, 0], 0, area)
    np.testing.assert_allclose(total, 8, rtol=1e-9)


def test_regions_of_numbers_that_have_left_float64_are_empty():
    for x, y in regions(np.full((3, 3), np.nan), np.array([[0.0, 1.0], [0.0, 1.0]])):
        assert np.isnan(x).all()
        assert np.isnan(y).all()


def test_class_names_are_text():
    names = ["$x^2$", "<b>bold</b>", "two\nlines"]
    X = np.random.default_rng(0).normal(size=(30, 2))
    explorer = gd.DescentExplorer(gd.SoftmaxRegression(X, np.resize(names, 30)), iterations=9)
    texts = explorer._axes[2].get_legend().get_texts()
    assert [text.get_text() for text in texts] == sorted(names)
    assert not any(text.get_parse_math() for text in texts)
    assert explorer.still()
