"""One lesson built five ways, in one JupyterLab and one headless Chromium: how quick is each?

The lesson: a slider for the learning rate, and on a contour of linear regression the path of 300
steps that it leads to. Four peers compute the path anew in the kernel, in the way their own
documentation shows: `interact` with matplotlib's inline figures, ipympl with `set_data`, plotly's
FigureWidget with `batch_update`, bqplot with `hold_sync`. (plotly can also play frames computed
beforehand under a slider of its own; FigureWidget cannot, and the kernel hears nothing of it.)
Data, window, slider and size of the picture are the same for all.

Beside path and contour each picture has a bar whose length shows the learning rate. So what a
picture shows can be read from it: probe.js does so after every animation frame in which something
has changed. *Paint* is the end of the first frame whose picture has the new bar, with the
browser's work of styles, layout and painting, until the page hands it to the compositor;
rasterizing and the screen, the same for all, are not in it. All times are the page's own, from
the event's time stamp.

- key press to paint: single presses of an arrow key on the slider, with the page idle;
- frames per second: different pictures shown while the handle is dragged from end to end in 3 s;
- lag: from the release of the handle until its last value is shown;
- out of order: pictures of such a drag that go back;
- kernel CPU: of all that the drag caused, per second of dragging;
- sent: what passes between page and kernel for a drag, in both directions;
- first paint: from the click on "Run All Cells", with the kernel started and nothing cached.

`--check` looks at some key presses through Chromium's own screencast instead: when the compositor
first showed the bar as long as the probe says.
"""

import argparse
import compileall
import sys
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "tests" / "browser"))  # JupyterLab and Chromium as tests do

from conftest import FLAGS, chromium_path, serve_lab  # noqa: E402
from measure import Lesson, sitting  # noqa: E402
from report import Asking, draw, report  # noqa: E402

CANVAS = ".gdviz-live canvas"
LESSONS = [
    Lesson("live_figure", "gdviz", CANVAS),
    Lesson("inline", "interact, inline matplotlib", ".jp-OutputArea img"),
    Lesson(
        "ipympl",
        "ipympl, set_data",
        ".jupyter-matplotlib-canvas-container canvas:first-of-type",
        magic="%matplotlib widget",
    ),
    Lesson(
        "plotly",
        "plotly FigureWidget",
        ".js-plotly-plot .scatterlayer .trace:last-of-type path.js-line",
        kind="path",
    ),
    Lesson("bqplot", "bqplot", ".bqplot path.line", kind="path"),
    Lesson("explorer", "gdviz, DescentExplorer (3 panels)", CANVAS, bar=False),
]
ASKING = Lesson("asking", "gdviz, the same lesson", CANVAS, bar=False)


def measure_controls(desk, count, rng):
    """Time the controls of the lesson that ask the kernel."""
    page = desk.page
    start, data = page.locator(".noUi-handle").nth(1), page.locator(".jp-Notebook select")
    times = {}
    start.focus()
    times["initialization"] = [desk.key("ArrowRight", rng) for _ in range(count)]
    choices = ["every fourth", "all"] * count  # JupyterLab has plans of its own for arrow keys
    times["dataset"] = [desk.choose(data, choice, rng) for choice in choices[:count]]
    places = [rng.uniform(0.25, 0.75, 2) for _ in range(count)]
    times["click"] = [desk.click(*place, rng) for place in places]
    return times


def measure_explorer(desk, count, rng):
    """Time the controls of a DescentExplorer that ask the kernel."""
    times = {}
    desk.page.locator(".noUi-handle").nth(2).focus()
    times["initialization"] = [desk.key("ArrowRight", rng) for _ in range(count)]
    desk.page.get_by_role("button", name="New sample").focus()
    times["new sample"] = [desk.key("Enter", rng) for _ in range(count)]
    places = [rng.uniform((0.1, 0.25), (0.3, 0.75)) for _ in range(count)]
    times["click"] = [desk.click(*place, rng) for place in places]
    return times


def check(desk):
    """Say when the probe and when Chromium's screencast saw the new picture of a key press."""
    times = [desk.presented(key) for key in ("ArrowLeft", "ArrowLeft", "ArrowLeft")]
    pairs = ", ".join(f"{painted:.0f} and {shown:.0f} ms" for painted, shown in times)
    print(f"{desk.lesson.label}: painted and on the screencast after {pairs}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", help="these lessons only")
    parser.add_argument("--openings", type=int, default=3, help="of each notebook")
    parser.add_argument("--keys", type=int, default=30, help="key presses for each lesson")
    parser.add_argument("--drags", type=int, default=2, help="drags for each lesson")
    parser.add_argument("--check", action="store_true", help="the probe, against a screencast")
    parser.add_argument("--plot", metavar="FILE", help="draw the key presses there")
    parser.add_argument("--screenshots", metavar="FOLDER", help="put a picture of each there")
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    lessons = [
        lesson
        for lesson in LESSONS
        if (not given.only or lesson.name in given.only) and (lesson.bar or not given.check)
    ]
    openings = 1 if given.check else given.openings
    asking = Asking()
    compileall.compile_dir(ROOT / "gdviz", quiet=1)  # as the peers are, having been installed
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        notebooks = Path(folder) / "notebooks"
        notebooks.mkdir()
        (notebooks / "common.py").write_text((HERE / "lessons" / "common.py").read_text())
        for lesson in [*lessons, ASKING]:
            lesson.write(notebooks)
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        with serve_lab(Path(folder)) as lab:
            # In turn, so that what else goes on in the machine meets all alike.
            for opening in range(openings):
                for lesson in lessons:
                    with sitting(browser, lab, lesson) as desk:
                        lesson.first_paints.append(desk.first_paint())
                        if opening + 1 < openings:
                            continue
                        if given.screenshots:
                            Path(given.screenshots).mkdir(exist_ok=True)
                            desk.page.screenshot(path=f"{given.screenshots}/{lesson.name}.png")
                        if given.check:
                            check(desk)
                            continue
                        lesson.keys = desk.keys(given.keys, rng)
                        lesson.drags = [desk.drag() for _ in range(given.drags)]
                        if lesson.name == "explorer":
                            asking.playing = desk.play()
                            asking.explorer = measure_explorer(desk, given.keys // 2, rng)
                        print(f"measured: {lesson.label}", file=sys.stderr, flush=True)
            if not given.check and ASKING.name in (given.only or [ASKING.name]):
                with sitting(browser, lab, ASKING) as desk:
                    desk.first_paint()
                    asking.lesson = measure_controls(desk, given.keys // 2, rng)
        browser.close()
    if given.check:
        return
    print(report(lessons, asking))
    if given.plot:
        draw(lessons, given.plot)
        print(f"drawn: {given.plot}")


if __name__ == "__main__":
    main()
