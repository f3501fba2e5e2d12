"""Exporting notebooks: what is written, what stops it, and what is left behind then."""

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import gdviz as gd
from gdviz import export as module
from gdviz.__main__ import main
from gdviz.live.lifetime import freeze_all


@pytest.fixture
def write(tmp_path):
    def write(name, *cells, title="# Title"):
        path = tmp_path / name
        cells = [new_markdown_cell(title), *map(new_code_cell, cells)]
        nbformat.write(new_notebook(cells=cells), path)
        return path

    return write


@pytest.fixture
def site(tmp_path):
    return tmp_path / "site"


def left(site):
    return sorted(path.name for path in site.iterdir()) if site.exists() else []


def test_pages_and_an_index_are_written(write, site, capsys):
    title = "# One <b>bold</b> & more\n\n- to `see`;\n- to **do**."
    paths = [write("one.ipynb", "print(6 * 7)", title=title), write("two.ipynb", "1 + 1")]
    assert main(["export", *map(str, paths), "--to", str(site)]) == 0
    assert left(site) == ["index.html", "one.html", "two.html"]
    page = (site / "one.html").read_text()
    assert "42" in page
    assert f'src="{module.CDN}requirejs@' in page
    assert "freeze_all" not in page
    index = (site / "index.html").read_text()
    assert "One &lt;b&gt;bold&lt;/b&gt; &amp; more" in index
    assert "to see; to do" in index
    assert '<a href="two.html">Title</a>' in index
    assert "[2/2]" in capsys.readouterr().err


def test_a_notebook_that_fails_leaves_no_page(write, site, capsys):
    good, bad = write("good.ipynb", "1"), write("bad.ipynb", "x = 1\n", "y = 2\nx / 0")
    assert main(["export", str(good), str(bad), "--to", str(site)]) == 1
    message = capsys.readouterr().err
    assert "bad.ipynb does not run, so no page was written: ZeroDivisionError" in message
    assert "in the cell that begins: y = 2" in message
    assert left(site) == ["good.html"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("missing.ipynb", None, "there is no notebook"),
        ("text.ipynb", "not JSON", "cannot be read as a notebook"),
        ("other.ipynb", "{}", "cannot be read as a notebook"),
    ],
)
def test_what_is_no_notebook_is_named(tmp_path, site, capsys, name, content, words):
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    assert main(["export", str(path), "--to", str(site)]) == 1
    message = capsys.readouterr().err
    assert words in message
    assert name in message
    assert left(site) == []


def test_pages_of_one_name_are_refused(write, tmp_path, site, capsys):
    (tmp_path / "more").mkdir()
    paths = [write("a.ipynb"), write("more/a.ipynb")]
    assert main(["export", *map(str, paths), "--to", str(site)]) == 1
    assert "two notebooks are called a" in capsys.readouterr().err
    assert main(["export", str(write("index.ipynb")), "--to", str(site)]) == 1
    assert "would overwrite the index" in capsys.readouterr().err
    assert left(site) == []


def test_a_file_in_the_folders_place_is_named(write, site, capsys):
    site.write_text("a file")
    assert main(["export", str(write("a.ipynb")), "--to", str(site)]) == 1
    assert "cannot be made a folder for the pages" in capsys.readouterr().err


def test_a_full_disk_leaves_nothing_half_written(write, site, capsys, monkeypatch):
    path = write("a.ipynb", "1")
    site.mkdir()
    (site / "a.html").write_text("an earlier page")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "fsync", full)
    assert main(["export", str(path), "--to", str(site)]) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert left(site) == ["a.html"]
    assert (site / "a.html").read_text() == "an earlier page"


def test_a_missing_or_changed_front_end_is_named(write, site, tmp_path, capsys, monkeypatch):
    path = str(write("a.ipynb"))
    arguments = ["export", path, "--to", str(site), "--offline"]
    assert main([*arguments, "--front-end", str(tmp_path / "nowhere")]) == 1
    assert "require.js, which offline pages carry inside, cannot be had" in capsys.readouterr().err

    class Reply:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def read(self):
            return b"something else"

    monkeypatch.setattr(module.urllib.request, "urlopen", lambda *_, **__: Reply())
    assert main(arguments) == 1
    assert "its SHA-256 differs" in capsys.readouterr().err
    assert left(site) == []


def test_offline_pages_ask_for_nothing(write, site, tmp_path):
    for name in module.FRONT_END:
        (tmp_path / name).write_text("'</script>' // é")
    path = str(write("a.ipynb", "1"))
    options = ["--offline", "--front-end", str(tmp_path)]
    assert main(["export", path, "--to", str(site), *options]) == 0
    page = (site / "a.html").read_text()
    assert "<script src=" not in page
    assert page.count(r"'<\/script>' // é") == 3
    assert 'define("anywidget", [' in page


def test_usage_is_explained(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["export", "--help"])
    assert "python -m gdviz export notebooks/*.ipynb --to site" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="2"):
        main(["export", "a.ipynb", "--to", "site", "--front-end", "."])
    assert "--front-end is for --offline pages" in capsys.readouterr().err


# --- figures without a kernel -------------------------------------------------------------------


@pytest.mark.parametrize(
    "task",
    [
        gd.LinearRegression(gd.datasets.penguins().standardized()),
        gd.surfaces.bumpy(1),
        gd.SoftmaxRegression(
            gd.datasets.penguins(["bill_length_mm", "bill_depth_mm"], "species").standardized()
        ),
    ],
    ids=["map", "curve", "plane"],
)
def test_a_frozen_explorer_has_starts_to_choose_from(task):
    explorer = gd.DescentExplorer(task, iterations=40)
    first = explorer.start
    presets = list(explorer._presets().values())
    explorer.freeze(1_000_000)
    assert explorer.scene.n_bytes <= 1_000_000
    assert set(presets) <= set(explorer.learning_rate.values)
    slider = explorer.controls["start"]
    assert slider.options[0] == "as in the notebook"
    assert len(slider.options) >= 4
    for index, name in enumerate(slider.options):
        slider.index = index
        start = first
        if index:
            seed = int(name.split()[-1]) - 1
            kind, parameters = name[0], eval(name[1 : name.index(",", 5)].partition(", s")[0])
            start = {"N": gd.Gaussian, "U": gd.Uniform}[kind](*parameters).sample(task.shape, seed)
        for rate in explorer.learning_rate.stops[::4]:
            explorer.learning_rate.value = rate
            expected = gd.gradient_descent(task, start, rate, 40)
            for iteration in (0, 5, 40):
                explorer.iteration.value = iteration
                assert f"loss {expected.loss[iteration]:.3g}," in explorer.description
                # Beyond the limit, rounding grows with every step.
                same = iteration + 1 if rate < explorer._limit else 6
                np.testing.assert_allclose(
                    explorer.descent.theta[:same],
                    expected.theta[: iteration + 1][:same],
                    rtol=1e-9,
                    atol=1e-12,
                )


def test_frozen_controls_are_disabled_and_say_why():
    explorer = gd.DescentExplorer(gd.surfaces.bowl(), iterations=9)
    explorer.freeze(1_000_000)
    for control in (*explorer.initialization.controls, explorer.view):
        assert control.disabled
        assert "they work in the notebook" in control.tooltip
    assert not explorer.learning_rate.disabled
    assert explorer.canvas.scene["clickable"] == []


def test_small_figures_leave_room_for_large_ones():
    import gc

    from gdviz.live import lifetime

    gc.collect()
    for figure in list(lifetime._living):
        figure.close()
    task = gd.LinearRegression(gd.datasets.penguins().standardized())
    large, small = gd.DescentExplorer(task), gd.StepExplorer(task, [[0.0, 0.0]], 0.1)
    freeze_all(2_000_000)
    assert small.scene.n_bytes < 100_000
    assert 1_000_000 < large.scene.n_bytes <= 2_000_000
