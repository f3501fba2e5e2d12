"""Exporting notebooks: what is written, what stops it, and what is left behind then."""

import os
from tempfile import NamedTemporaryFile

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import gdviz as gd
from gdviz import export as module
from gdviz.__main__ import main
from gdviz.explorers.controls import CHOSEN, FIRST_SEED
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
    title = "# One <b>bold</b> & more\n\n- to `see` $\\nabla L$,\n  again;\n- to **do**.\n\n- later"
    paths = [write("one.ipynb", "print(6 * 7)", title=title), write("two.ipynb", "1 + 1")]
    assert main(["export", *map(str, paths), "--to", str(site)]) == 0
    assert left(site) == ["index.html", "one.html", "two.html"]
    page = (site / "one.html").read_text()
    assert "42" in page
    assert f'src="{module.CDN}requirejs@' in page
    assert "freeze_all" not in page
    index = (site / "index.html").read_text()
    assert "One &lt;b&gt;bold&lt;/b&gt; &amp; more" in index
    assert "<code>see</code> $\\nabla L$,\nagain;</li>\n<li>to <strong>do</strong>" in index
    assert "later" not in index
    assert '<a href="two.html">Title</a>' in index
    assert f'src="{module.CDN}mathjax@' in index
    words = capsys.readouterr().err
    size = (site / "two.html").stat().st_size
    assert f"[2/2] {site / 'two.html'} ({size / 1e6:.1f} MB, of which 0.0 MB are data)" in words


def test_too_much_data_is_said(write, site, capsys, monkeypatch):
    monkeypatch.setattr(module, "PAGE_BYTES", 0)
    assert main(["export", str(write("a.ipynb", "1")), "--to", str(site)]) == 0
    assert "it will load slowly" in capsys.readouterr().err


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


@pytest.mark.parametrize(
    ("trouble", "status", "words"),
    [
        (OSError(28, "No space left on device"), 1, "No space left on device"),
        (KeyboardInterrupt(), 130, "the pages named above are whole"),
    ],
)
@pytest.mark.parametrize("moment", ["in the middle", "at the end"])
def test_a_full_disk_and_ctrl_c_leave_nothing_half_written(
    write, site, capsys, monkeypatch, trouble, status, words, moment
):
    path = write("a.ipynb", "1")
    site.mkdir()
    (site / "a.html").write_text("an earlier page")

    def stop(*_):
        raise trouble

    class SmallDisk:
        """A file that takes some bytes, and no more."""

        def __init__(self, *args, **options):
            self.file = NamedTemporaryFile(*args, **options)  # noqa: SIM115
            self.name = self.file.name

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def write(self, text):
            self.file.write(text[:100])
            self.file.flush()
            stop()

    if moment == "at the end":
        monkeypatch.setattr(module.os, "fsync", stop)
    else:
        monkeypatch.setattr(module.tempfile, "NamedTemporaryFile", SmallDisk)
    assert main(["export", str(path), "--to", str(site)]) == status
    assert words in capsys.readouterr().err
    assert left(site) == ["a.html"]
    assert (site / "a.html").read_text() == "an earlier page"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(write, site, capsys):
    site.mkdir(mode=0o500)
    assert main(["export", str(write("a.ipynb", "1")), "--to", str(site)]) == 1
    assert f"{site / 'a.html'} could not be written" in capsys.readouterr().err


def test_links_between_notebooks_become_links_between_pages(write, site):
    text = "# A\n\n[b](b.ipynb), [far](other/c.ipynb), [there](d.ipynb), [net](https://x.y/e.ipynb)"
    site.mkdir()
    (site / "d.html").write_text("")
    paths = [write("a.ipynb", title=text), write("b.ipynb")]
    assert main(["export", *map(str, paths), "--to", str(site)]) == 0
    page = (site / "a.html").read_text()
    assert '<a href="b.html">b</a>, <span title="other/c.ipynb, beside the' in page
    assert '<a href="d.html">there</a>' in page
    assert "https://x.y/e.ipynb" in page


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
    words = capsys.readouterr().out
    assert "python -m gdviz export notebooks/*.ipynb --to site --offline\n" in words
    assert max(map(len, words.splitlines())) <= 100
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
def test_a_frozen_explorer_keeps_its_rates_and_has_starts_to_choose_from(task):
    explorer = gd.DescentExplorer(task, iterations=40)
    first, stops = explorer.start, explorer.learning_rate.stops
    explorer.freeze(600_000)
    assert explorer.scene.n_packed_bytes <= 600_000
    np.testing.assert_array_equal(explorer.learning_rate.stops, stops)
    μ, σ, sample = (explorer.controls[name] for name in CHOSEN)
    assert len(μ.stops) >= 3
    assert len(σ.stops) >= 2
    assert (μ.value, σ.value, sample.value) == (0, 1, 1)
    for mean, deviation, number in (
        (0, 1, 1),
        (μ.stops[0], σ.stops[-1], sample.max),
        (μ.stops[-1], σ.stops[0], 1),
    ):
        μ.value, σ.value, sample.value = mean, deviation, number
        distribution = gd.Gaussian(mean, deviation)
        start = distribution.sample(task.shape, FIRST_SEED + number - 1)
        if (mean, deviation, number) == (0, 1, 1):
            start = first
        for rate in stops[::9]:
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


@pytest.mark.parametrize(
    "initialization", [gd.Gaussian(2, 0), gd.Gaussian(1, 3), gd.Uniform(-1, 3)]
)
def test_a_given_start_is_where_the_sliders_stand_at_first(initialization):
    task = gd.surfaces.ravine(25)
    explorer = gd.DescentExplorer(
        task, initialization=initialization, start=[[3.0, 1.0]], iterations=20
    )
    explorer.freeze(1_000_000)
    explorer.iteration.value = 0
    np.testing.assert_array_equal(explorer.descent.theta, [[[3.0, 1.0]]])
    second = explorer.controls["second_parameter"]
    second.value = second.stops[-1]
    values = explorer.controls["first_parameter"].value, second.value
    expected = type(initialization)(*values).sample(task.shape, FIRST_SEED)
    np.testing.assert_array_equal(explorer.descent.theta, [expected])


def test_where_there_is_room_for_one_start_only_the_initialization_is_grey():
    explorer = gd.DescentExplorer(gd.surfaces.ravine(25), iterations=100)
    before = explorer.description
    explorer.freeze(explorer.scene.n_packed_bytes)
    assert explorer.description == before
    assert tuple(explorer.initialization.children) == tuple(explorer.initialization.controls)
    assert all(control.disabled for control in explorer.initialization.children)


def test_what_needs_a_kernel_is_disabled_and_says_why():
    explorer = gd.DescentExplorer(gd.surfaces.bowl(), iterations=9)
    explorer.freeze(1_000_000)
    for control in (explorer.initialization.kind, explorer.view, explorer.azimuth):
        assert control.disabled
        assert "works in the notebook" in control.tooltip
    assert not explorer.learning_rate.disabled
    assert explorer.canvas.scene["clickable"] == []
    assert explorer.children[-1].value.startswith("Grey controls and clicks on the picture need")
    only_clicks = gd.BasinsExplorer(gd.surfaces.bumpy(1))
    only_clicks.freeze(1_000_000)
    assert only_clicks.children[-1].value.startswith("Clicks on the picture need Python")
    neither = gd.SigmoidExplorer()
    rows = neither.children
    neither.freeze(1_000_000)
    assert neither.children == rows


def test_small_figures_leave_room_for_large_ones():
    import gc

    from gdviz.live import lifetime

    gc.collect()
    for figure in list(lifetime._living):
        figure.close()
    task = gd.LinearRegression(gd.datasets.penguins().standardized())
    large, small = gd.DescentExplorer(task), gd.StepExplorer(task, [[0.0, 0.0]], 0.1)
    freeze_all(2_000_000)
    assert small.n_page_bytes < 200_000
    assert 1_000_000 < large.n_page_bytes <= 2_000_000 - small.n_page_bytes
