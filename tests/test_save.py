"""Files of what a LiveFigure shows: each format against the still, and what is refused."""

import stat
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image

from gdviz.live import Area, Line, LiveFigure, Points, Raster, StopSlider, Text, Trail
from gdviz.live import save as module
from gdviz.live.save import GROWTH, REST, SLOWEST, played

STEPS = np.arange(12)
RUNS = [0.5, 1.0, 3.0]
BOTH = ("run", "step")
CODES = np.random.default_rng(0).integers(0, 2, (3, 5, 6))


def moving(**options):
    """Return a figure with every kind of track, over runs and steps."""
    figure = Figure(figsize=(4, 3), **options)
    axes = figure.subplots()
    axes.set(xlim=(-0.5, 12), ylim=(-1, 25), title="what stands still", ylabel="y")
    y = np.outer(RUNS, STEPS) / 2
    tracks = [
        Raster(axes, CODES, ["C0", "C3"], (1, 11, 2, 20), ("run",)),
        Area(axes, [2, 9, 5], np.stack([y, y, y + 9], axis=-1), BOTH, color="C4", outline="black"),
        Line(axes, [0, 12], [20, 3], outline="white"),
        Trail(axes, STEPS, y, BOTH, color="C1", outline="white", dots=5),
        Points(axes, STEPS, y[:1].T, ("step",), color=["C2", "C5"], codes=STEPS % 2),
        Text("run {run:.1f}, step {step}, $y$ = {y:.2f}", {"y": y}, BOTH, x=0.1, y=0.02),
    ]
    description = Text("at step {step} & <on>")
    return LiveFigure(figure, tracks, {"run": RUNS, "step": STEPS}, description=description)


@pytest.fixture
def figure():
    figure = moving()
    figure.controls["run"].value = 3.0
    figure.controls["step"].value = 7
    return figure


def of_stills(pixels, figure, **position):
    """Return a still at figure pixels."""
    image = Image.fromarray(pixels(figure.still(**position)).astype(np.uint8))
    return np.asarray(image.reduce(2)).astype(int)


def read(path):
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


# --- pictures -----------------------------------------------------------------------------------


def test_a_png_is_the_still(figure, pixels, tmp_path):
    figure.save(tmp_path / "picture.png")
    written, still = read(tmp_path / "picture.png"), pixels(figure.still())
    assert written.shape == (600, 800, 3)
    assert np.abs(written - still).max() <= 40  # of 256 colours, which a still has
    assert np.abs(written - still).mean() < 1.5
    other = pixels(figure.still(step=8))
    assert np.abs(written - other).mean() > 2 * np.abs(written - still).mean()
    figure.save(tmp_path / "small.PNG", dpi=50)
    assert read(tmp_path / "small.PNG").shape == (150, 200, 3)
    assert Image.open(tmp_path / "picture.png").text["Title"] == "at step 7 & <on>"


def test_an_svg_has_the_words_and_stays_the_same(figure, tmp_path):
    figure.save(tmp_path / "picture.svg")
    written = (tmp_path / "picture.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(written)
    assert root.attrib["viewBox"] == "0 0 288 216"
    title = root.find("{http://www.w3.org/2000/svg}title")
    assert title.text == "at step 7 & <on>"
    assert "<!-- run 3.0, step 7, $y$ = 10.50 -->" in written
    assert "<!-- what stands still -->" in written
    figure.save(tmp_path / "again.svg")
    assert (tmp_path / "again.svg").read_text(encoding="utf-8") == written
    figure.controls["step"].value = 8
    figure.save(tmp_path / "again.svg")
    assert "<!-- run 3.0, step 8, $y$ = 12.00 -->" in (tmp_path / "again.svg").read_text("utf-8")


def test_a_pdf_is_written(figure, tmp_path):
    figure.save(str(tmp_path / "picture.pdf"))
    written = (tmp_path / "picture.pdf").read_bytes()
    assert written.startswith(b"%PDF")
    assert b"/MediaBox [ 0 0 288 216 ]" in written
    assert b"(at step 7 & <on>)" in written
    figure.save(tmp_path / "again.pdf")
    assert (tmp_path / "again.pdf").read_bytes() == written


@pytest.mark.parametrize("layout", [None, "constrained"])
@pytest.mark.parametrize("suffix", ["png", "svg", "pdf", "gif"])
def test_saving_leaves_no_trace(layout, suffix, tmp_path):
    figure = moving(layout=layout)
    inner = figure._painting.figure
    still, artists = figure.still(), list(inner.artists)
    engine, dpi, canvas = inner.get_layout_engine(), inner.dpi, inner.canvas
    box = inner.axes[0].get_position().bounds
    with mpl.rc_context({"savefig.bbox": "tight", "savefig.facecolor": "red"}):
        figure.save(tmp_path / f"picture.{suffix}", dpi=70, frames=2)
    assert inner.artists == artists
    assert (inner.get_layout_engine(), inner.dpi, inner.canvas) == (engine, dpi, canvas)
    assert inner.axes[0].get_position().bounds == box
    assert figure.still() == still
    assert figure.position == {"run": 0, "step": 0}
    assert [path.name for path in tmp_path.iterdir()] == [f"picture.{suffix}"]
    if suffix == "png":
        assert read(tmp_path / "picture.png").shape == (210, 280, 3)
        assert (read(tmp_path / "picture.png")[0, 0] == 255).all()


def test_a_saved_figure_can_be_updated(figure, tmp_path):
    figure.save(tmp_path / "picture.svg")
    axes = figure._painting.figure.axes[0]
    figure.update([Line(axes, [0, 5], [0, 5])], repaint=True)
    figure.save(tmp_path / "picture.svg")
    assert "step 7, $y$" not in (tmp_path / "picture.svg").read_text(encoding="utf-8")


# --- movies -------------------------------------------------------------------------------------


@given(
    n_values=st.integers(1, 3000),
    frames=st.integers(2, 300),
    fps=st.floats(1, 60),
)
def test_a_movie_plays_from_the_first_to_the_last_and_rests(n_values, frames, fps):
    indices = played(n_values, frames, fps)
    last, rest = n_values - 1, max(1, round(REST * fps))
    assert indices[0] == 0
    assert (indices[-rest:] == last).all()
    assert (np.diff(indices) >= 0).all()
    assert len(indices) <= frames + rest


def test_a_movie_plays_as_a_player_does():
    indices = played(501, 10_000, 1000)[: -round(1000 * REST)]
    steps, expected = 0.0, []
    for _ in range(len(indices)):  # what player.js does at every frame
        expected.append(min(500, int(steps)))
        steps += max(SLOWEST, GROWTH * steps) / 1000
    assert np.abs(indices - expected).max() <= 1
    source = (Path(module.__file__).parent / "player.js").read_text(encoding="utf-8")
    assert f"SLOWEST = {SLOWEST:g};" in source
    assert f"GROWTH = {GROWTH:g};" in source


def frames_of(path):
    with Image.open(path) as movie:
        for k in range(movie.n_frames):
            movie.seek(k)
            yield movie.info["duration"], np.asarray(movie.convert("RGB")).astype(int)


def assert_plays(path, figure, pixels, over, indices, **others):
    """Every frame shows its still, and no neighbour's."""
    shown = list(frames_of(path))
    assert len(shown) == len(indices)
    stills = [of_stills(pixels, figure, **{over: index}, **others) for index in indices]
    for k, (_, frame) in enumerate(shown):
        off = [np.abs(frame - still).mean() for still in stills]
        assert frame.shape == (300, 400, 3)
        assert off[k] == min(off)
        assert off[k] < 3
        assert sorted(off)[1] > 1.1 * off[k]
    return [duration for duration, _ in shown]


def test_a_gif_shows_every_still_in_its_turn(figure, pixels, tmp_path):
    figure.save(tmp_path / "movie.gif")
    durations = assert_plays(tmp_path / "movie.gif", figure, pixels, "step", STEPS, run=2)
    assert durations[-1] == pytest.approx(1000 * REST, abs=100)
    assert sum(durations) == pytest.approx(50 * len(played(12, 150, 20)), abs=1)
    with Image.open(tmp_path / "movie.gif") as movie:
        assert movie.info["loop"] == 0
        assert movie.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_a_gif_of_another_dimension_with_fewer_frames(figure, pixels, tmp_path):
    figure.save(tmp_path / "runs.gif", over="run", frames=2, fps=5)
    durations = assert_plays(tmp_path / "runs.gif", figure, pixels, "run", [0, 2], step=7)
    assert durations == [200, 200 + 1000 * REST + 100]


def test_the_dimension_that_is_played(tmp_path, pixels):
    axes = Figure(figsize=(4, 3)).subplots()
    axes.set(xlim=(0, 12), ylim=(0, 4))
    point = Points(axes, np.arange(3), np.array(RUNS)[:, None], ("run", "k"), size=40)
    own = StopSlider([0, 1, 2], 1)
    figure = LiveFigure(axes.figure, [point], {"run": RUNS, "k": [0, 1, 2]}, controls={"k": own})
    figure.save(tmp_path / "last.gif")  # no slider of whole numbers: the last dimension
    assert_plays(tmp_path / "last.gif", figure, pixels, "k", [0, 1, 2], run=0)
    steps_first = LiveFigure(axes.figure, [point], {"k": [0, 1, 2], "run": RUNS})
    steps_first.save(tmp_path / "steps.gif")
    assert_plays(tmp_path / "steps.gif", steps_first, pixels, "k", [0, 1, 2], run=0)


FFMPEG = """#!{python}
import sys
from pathlib import Path
data = sys.stdin.buffer.read()
{act}
Path(sys.argv[-1]).write_bytes(" ".join(sys.argv[1:]).encode() + b"\\n" + data)
"""


@pytest.fixture
def ffmpeg(tmp_path):
    """Return a function that puts something in ffmpeg's place."""
    program = tmp_path / "bin" / "ffmpeg"
    program.parent.mkdir()

    def install(act=""):
        program.write_text(FFMPEG.format(python=sys.executable, act=act))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return mpl.rc_context({"animation.ffmpeg_path": str(program)})

    return install


def test_an_mp4_is_what_ffmpeg_makes_of_the_frames(figure, pixels, ffmpeg, tmp_path):
    with ffmpeg():
        figure.save(tmp_path / "movie.mp4", fps=4)
    options, _, data = (tmp_path / "movie.mp4").read_bytes().partition(b"\n")
    assert b"-f rawvideo -pix_fmt rgb24 -s 800x600 -r 4 -i -" in options
    frames = np.frombuffer(data, np.uint8).reshape(-1, 600, 800, 3).astype(int)
    indices = played(12, 150, 4)
    assert len(frames) == len(indices)
    for frame, index in zip(frames, indices, strict=True):
        assert np.abs(frame - pixels(figure.still(step=index))).mean() < 1.5
    assert np.abs(frames[3] - pixels(figure.still(step=indices[4]))).mean() > 2


def test_ffmpegs_complaint_is_passed_on(figure, ffmpeg, tmp_path):
    (tmp_path / "movie.mp4").write_text("what was there")
    act = "Path(sys.argv[-1]).write_text('half')\nsys.exit('no such codec')"
    with ffmpeg(act), pytest.raises(RuntimeError, match=r"not write movie\.mp4: no such codec"):
        figure.save(tmp_path / "movie.mp4")
    assert (tmp_path / "movie.mp4").read_text() == "what was there"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "movie.mp4"]


def test_without_ffmpeg_the_way_out_is_named(figure, tmp_path):
    with (
        mpl.rc_context({"animation.ffmpeg_path": "no-such-ffmpeg"}),
        pytest.raises(RuntimeError, match=r"needs the program ffmpeg.*install it.*save a \.gif"),
    ):
        figure.save(tmp_path / "movie.mp4")
    assert list(tmp_path.iterdir()) == []


def test_someone_who_waits_is_told(figure, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    figure.save(tmp_path / "movie.gif", frames=5)
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    figure.save(tmp_path / "movie.gif", frames=5)
    told = capsys.readouterr().out
    assert "\rmovie.gif: 3 of 5 frames" in told
    assert told.endswith("\r\033[K")


def test_in_a_notebook_a_bar_tells(figure, tmp_path, monkeypatch):
    from ipywidgets.widgets.widget import _instances

    class Output:
        def update(self, data, **_):
            shown.append(data)

    def display(bar, display_id):
        assert display_id
        shown.append((bar.max, bar.description))
        return Output()

    shown = []
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    monkeypatch.setattr(module, "running_kernel", lambda: "a kernel")
    monkeypatch.setattr(module, "display", display)
    before = set(_instances)
    figure.save(tmp_path / "movie.gif", frames=5)
    assert shown == [(5, "movie.gif"), {}]
    assert set(_instances) == before


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("a.jpg", {}, r"path must end in \.png, \.svg, \.pdf .* or \.gif or \.mp4 .*a\.jpg'"),
        ("a", {}, "path must end in"),
        ("no/such/a.png", {}, "path is in a folder that does not exist: make .*such first"),
        ("a.gif", {"over": "pace"}, "over names 'pace', .* it has run, step"),
        ("a.gif", {"fps": 0}, "fps must be a positive number, 240 at most, got 0"),
        ("a.gif", {"fps": np.nan}, "fps must be finite, got nan"),
        ("a.gif", {"frames": 1}, "frames must be a whole number, at least 2, got 1"),
        ("a.gif", {"frames": 2.5}, r"frames must be a whole number, got 2\.5"),
        ("a.png", {"dpi": "high"}, "dpi must be a number, got 'high'"),
    ],
)
def test_what_cannot_be_saved_is_named(figure, tmp_path, name, options, words):
    with pytest.raises(ValueError, match=words):
        figure.save(tmp_path / name, **options)
    assert list(tmp_path.iterdir()) == []


def test_without_dimensions_nothing_plays(tmp_path):
    figure = LiveFigure(Figure(figsize=(4, 3)), [], {})
    with pytest.raises(ValueError, match=r"no dimension to play: save it as a \.png"):
        figure.save(tmp_path / "a.gif")
    figure.save(tmp_path / "a.png")
    assert read(tmp_path / "a.png").shape == (600, 800, 3)


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf", "gif"])
def test_a_failed_write_leaves_what_was_there(figure, tmp_path, suffix, monkeypatch):
    path = tmp_path / f"picture.{suffix}"
    path.write_text("what was there")

    def fail(*_, **__):
        raise OSError("the disk is full")

    monkeypatch.setattr(
        Figure if suffix != "gif" else Image.Image, "save" + "fig" * (suffix != "gif"), fail
    )
    still = figure._painting.pixels.copy()
    with pytest.raises(OSError, match="the disk is full"):
        figure.save(path, frames=2)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == "what was there"
    assert figure._painting.figure.artists == []
    np.testing.assert_array_equal(figure._painting.pixels, still)
