"""What a LiveFigure shows as files: pictures for papers and slides, movies of one dimension."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from IPython.display import display
from ipywidgets import IntProgress
from numpy.typing import NDArray
from PIL import Image

from gdviz.arguments import as_number, as_whole, shown
from gdviz.live.artists import artists_at
from gdviz.live.lifetime import close_tree, running_kernel
from gdviz.live.scene import Position, Scene
from gdviz.live.still import SCALE, Painting

PICTURES, MOVIES = (".png", ".svg", ".pdf"), (".gif", ".mp4")
SLOWEST, GROWTH = 6.0, 0.6
"""Steps per second at first, and growth of their number per second later: as in player.js."""
MOST_DPI, MOST_FPS = 2400, 240
"""More than printers print, and screens show."""
REST = 1.5
"""Seconds for which a movie stands still at its end."""
PATIENCE = 2.0
"""Seconds after which someone who waits is told how far it is."""
# Whatever the user's own settings: letters as shapes that need no font, the same in every run.
STYLE: dict[Any, Any] = {
    "savefig.bbox": None,
    "savefig.facecolor": "auto",
    "savefig.transparent": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "gdviz",
    "pdf.fonttype": 42,
}
NO_DATE = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}


def save(
    path: str | PathLike[str],
    painting: Painting,
    scene: Scene,
    position: Position,
    *,
    over: str | None,
    frames: int,
    fps: float,
    dpi: float,
) -> None:
    """Write ``scene`` over ``painting`` to a file: see `LiveFigure.save`."""
    if not isinstance(path, (str, PathLike)):
        raise TypeError(f"path must be the name of a file, got {shown(path)}")
    target = Path(path).expanduser()
    suffix = target.suffix.lower()
    if suffix not in PICTURES + MOVIES:
        raise ValueError(
            f"path must end in {', '.join(PICTURES)} for a picture or {' or '.join(MOVIES)} for a "
            f"movie, got {str(path)!r}"
        )
    if not target.parent.is_dir():
        raise ValueError(f"path is in a folder that does not exist: make {target.parent} first")
    if suffix in PICTURES:
        _check_positive("dpi", dpi, MOST_DPI)
        with _whole(target) as part:
            _write_picture(part, suffix[1:], painting, scene, position, dpi)
        return
    if over is None:
        raise ValueError("this figure has no dimension to play: save it as a .png, .svg or .pdf")
    _check_positive("fps", fps, MOST_FPS)
    frames = as_whole("frames", frames, least=2)
    indices, ticks = np.unique(played(len(scene.dimensions[over]), frames, fps), return_counts=True)

    def picture(index: int) -> Image.Image:
        pixels = painting.at(scene, {**position, over: index})
        return Image.fromarray(pixels).convert("RGB")

    write = _write_gif if suffix == ".gif" else _write_mp4
    with _whole(target) as part:
        write(part, picture, indices.tolist(), ticks.tolist(), fps, target.name)


def played(n_values: int, frames: int, fps: float) -> NDArray[np.intp]:
    """Return the index that each frame shows when a Player plays a dimension, and then rests.

    Where ``frames`` are too few for the Player's speed, it plays faster.
    """
    last = n_values - 1
    even = min(last, SLOWEST / GROWTH)  # steps until it speeds up
    seconds = even / SLOWEST + np.log(max(last, 1) / max(even, 1)) / GROWTH
    at = np.linspace(0, seconds, min(frames, round(seconds * fps) + 1))
    faster = even * np.exp(GROWTH * np.maximum(0, at - even / SLOWEST))
    steps = np.where(SLOWEST * at < even, SLOWEST * at, faster)
    indices = np.minimum(np.floor(steps + 1e-6).astype(int), last)
    return np.append(indices, np.full(max(1, round(REST * fps)), last))


def _write_picture(
    part: Path, kind: str, painting: Painting, scene: Scene, position: Position, dpi: float
) -> None:
    figure = painting.figure
    engine = figure.get_layout_engine()
    artists = artists_at(scene, position, figure)
    metadata = {"Title": scene.description.at(position), **NO_DATE.get(kind, {})}
    try:
        if engine is not None:
            figure.set_layout_engine("none")  # at another resolution it would move the axes
        for order, artist in enumerate(artists):
            artist.set_zorder(1000 + order)
            figure.add_artist(artist)
        with mpl.rc_context(STYLE):
            figure.savefig(part, format=kind, dpi=dpi, metadata=metadata)
    finally:
        for artist in artists:
            artist.remove()
        if engine is not None:
            figure.set_layout_engine(engine)


def _write_gif(
    part: Path,
    picture: Callable[[int], Image.Image],
    indices: list[int],
    ticks: list[int],
    fps: float,
    name: str,
) -> None:
    def small(index: int) -> Image.Image:
        return picture(index).reduce(SCALE)

    # One palette for all frames, so that only what moves differs from frame to frame.
    samples = [small(indices[k]) for k in (0, len(indices) // 2, -1)]
    strip = Image.fromarray(np.concatenate([np.asarray(sample) for sample in samples]))
    palette = strip.quantize(256, Image.Quantize.MEDIANCUT)
    colors = np.array(palette.getpalette()).reshape(-1, 3)
    colors[(colors > 245).all(axis=1)] = 255  # white else becomes the palest grey
    palette.putpalette(colors.ravel().tolist())
    first, *others = [
        small(index).quantize(palette=palette, dither=Image.Dither.NONE)
        for index in _told(indices, name)
    ]
    first.save(
        part,
        format="gif",
        save_all=True,
        append_images=others,
        duration=[10 * max(2, round(100 * count / fps)) for count in ticks],
        loop=0,
    )


def _write_mp4(
    part: Path,
    picture: Callable[[int], Image.Image],
    indices: list[int],
    ticks: list[int],
    fps: float,
    name: str,
) -> None:
    program = shutil.which(mpl.rcParams["animation.ffmpeg_path"])
    if program is None:
        raise RuntimeError(
            "writing .mp4 needs the program ffmpeg, which is not on the PATH: install it (conda "
            "install ffmpeg, apt-get install ffmpeg, brew install ffmpeg), or save a .gif"
        )
    width, height = picture(indices[0]).size
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(fps)]
    # The common colour format halves both sides, which therefore must be even.
    target = ["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p", "-f", "mp4"]
    command = [program, "-y", "-loglevel", "error", *source, "-i", "-", *target, str(part)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        try:
            for index, count in zip(_told(indices, name), ticks, strict=True):
                process.stdin.write(picture(index).tobytes() * count)
        except BrokenPipeError:
            pass  # ffmpeg has given up, and says why
        _, complaint = process.communicate()
    if process.returncode:
        raise RuntimeError(f"ffmpeg could not write {name}: {complaint.decode().strip()}")


def _told(indices: list[int], name: str) -> Iterator[int]:
    """Yield ``indices``; someone who waits long is told how many are done."""
    start, shown = time.monotonic(), None
    try:
        for done, index in enumerate(indices):
            if shown is None and time.monotonic() - start > PATIENCE:
                shown = _Progress(name, len(indices))
            if shown is not None:
                shown.show(done)
            yield index
    finally:
        if shown is not None:
            shown.close()


class _Progress:
    """A bar in a notebook, a line on a terminal; gone when closed."""

    def __init__(self, name: str, count: int) -> None:
        self._words = f"\r{name}: {{}} of {count} frames"
        self._bar: Any = None
        if running_kernel() is not None:
            self._bar = IntProgress(max=count, description=name)
            self._output: Any = display(self._bar, display_id=True)  # type: ignore[no-untyped-call]

    def show(self, done: int) -> None:
        if self._bar is not None:
            self._bar.value = done
        elif sys.stdout.isatty():
            print(self._words.format(done), end="", flush=True)

    def close(self) -> None:
        if self._bar is not None:
            self._output.update({}, raw=True)
            close_tree(self._bar)
        elif sys.stdout.isatty():
            print("\r\033[K", end="", flush=True)


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """Yield a path to write to; it becomes ``target`` once all is written, or nothing does."""
    part = target.with_name(f".{target.name}.part")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _check_positive(name: str, value: float, most: float) -> None:
    if not 0 < as_number(name, value) <= most:
        raise ValueError(f"{name} must be a positive number, {most} at most, got {shown(value)}")
