"""Load and faults: a thousand changes a second, a kernel that is busy, restarted or shut down."""

import re

import numpy as np
import pytest

import gdviz as gd

pytestmark = pytest.mark.browser

EXPLORER = """
import gdviz as gd
explorer = gd.DescentExplorer(gd.LinearRegression(gd.datasets.penguins().standardized()))
explorer
"""
THOUSAND = """
import numpy as np
rng = np.random.default_rng(0)
for stop, iteration in zip(rng.integers(81, size=500), rng.integers(501, size=500)):
    explorer.learning_rate.value = explorer.learning_rate.stops[stop]
    explorer.iteration.value = iteration
"""
WHERE = "print(explorer.description)"
BUSY = "import time\nwhile True:\n    time.sleep(0.1)"
NAME = "faults.ipynb"
WATCH = """
import threading
threads = set()
explorer.initialization.observe(lambda _: threads.add(threading.current_thread().name))
"""
CELLS = [EXPLORER, THOUSAND, WHERE, BUSY, WATCH, "print(*threads)"]
CREATE, CHANGE, ASK, WORK, LISTEN, LISTENED = range(6)

RATE, ITERATION, SIGMA = 0, 1, 3
"""Which of the explorer's sliders is which."""

PRESS = """(handle, keys) => new Promise(done => {
    const start = performance.now();
    let pressed = 0;
    const go = () => {
        while (pressed < Math.min(keys.length, performance.now() - start)) {
            const key = keys[pressed++] > 0 ? "ArrowRight" : "ArrowLeft";
            handle.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        }
        if (pressed < keys.length) setTimeout(go);
        else requestAnimationFrame(done);
    };
    go();
})"""
"""Presses arrow keys on a slider's handle, a key per millisecond, and waits for one frame."""


@pytest.fixture(scope="module")
def notebook(open_notebook, write_notebook):
    with open_notebook(write_notebook(NAME, *CELLS), height=1000) as notebook:
        yield notebook


@pytest.fixture
def explorer(notebook):
    """Return the explorer, made anew."""
    notebook.run_cell(CREATE)
    yield notebook.figure("learning rate 0.25, iteration 20 of 500: loss 0.241")
    assert notebook.complaints == []


@pytest.fixture
def reference():
    """Return the same explorer in this process."""
    return gd.DescentExplorer(gd.LinearRegression(gd.datasets.penguins().standardized()))


@pytest.fixture
def shows(difference):
    """Return a function that asserts that the page shows what matplotlib draws."""

    def check(explorer, reference) -> None:
        explorer.wait_for_label(f"^{re.escape(reference.description)}$")
        still = reference.still()
        for _ in range(40):  # descents that have arrived have the same words, whatever their start
            off = difference(explorer.picture(reference.canvas.painting), still)
            if off < 0.003:  # edges are smoothed differently
                break
            explorer.page.wait_for_timeout(250)
        assert off < 0.003

    return check


def walk(steps, start: int, last: int) -> int:
    """Return where arrow keys lead from ``start`` on a slider from 0 to ``last``."""
    for step in steps:
        start = min(last, max(0, start + step))
    return start


def test_a_thousand_changes_from_code(notebook, explorer, reference, shows):
    notebook.run_cell(CHANGE)
    explorer.settle()
    rng = np.random.default_rng(0)
    stops, iterations = rng.integers(81, size=500), rng.integers(501, size=500)
    reference.learning_rate.value = reference.learning_rate.stops[stops[-1]]
    reference.iteration.value = iterations[-1]
    assert explorer.label == reference.description  # nothing is under way any more
    shows(explorer, reference)
    assert notebook.run_cell(ASK).strip() == reference.description


def test_a_thousand_keys_in_a_second(notebook, explorer, reference, shows):
    rng = np.random.default_rng(1)
    for nth, control in ((RATE, reference.learning_rate), (ITERATION, reference.iteration)):
        keys = rng.choice([-1, 1], size=1000).tolist()
        explorer.handle(nth).evaluate(PRESS, keys)
        if nth == RATE:
            stop = walk(keys, reference.position["learning_rate"], len(control.stops) - 1)
            control.value = control.stops[stop]
        else:
            control.value = walk(keys, reference.position["iteration"], 500)
        assert explorer.label == reference.description  # in the very frame
    shows(explorer, reference)
    assert notebook.run_cell(ASK).strip() == reference.description


def test_a_thousand_changes_that_ask_the_kernel(notebook, explorer, reference, shows):
    keys = np.random.default_rng(2).choice([-1, 1, 1], size=1000).tolist()
    explorer.handle(SIGMA).evaluate(PRESS, keys)
    sigma = 0.05 * walk(keys, 20, 200)
    reference.initialization.value = gd.Gaussian(0, round(sigma, 6))
    shows(explorer, reference)
    late: list = []
    notebook.listen(late.append)
    explorer.page.wait_for_timeout(500)
    assert late == []
    assert notebook.run_cell(ASK).strip() == reference.description


def test_a_busy_kernel(notebook, explorer, reference, shows):
    """What is drawn follows at once; what only the kernel can answer comes when it is free.

    One answer after another: JupyterLab has messages to widgets handled in several threads.
    """
    notebook.run_cell(LISTEN)
    notebook.start_cell(WORK)
    notebook.page.locator("#jp-main-statusbar >> text=| Busy").wait_for()
    for keys in ([1] * 5, [-1] * 9, [1] * 3):
        explorer.handle(RATE).evaluate(PRESS, keys)
        stop = walk(keys, reference.position["learning_rate"], 81)
        reference.learning_rate.value = reference.learning_rate.stops[stop]
        assert explorer.label == reference.description  # in the very frame
    explorer.drag(ITERATION, to=0.9)
    explorer.drag(ITERATION, to=0.02)
    reference.iteration.value = int(re.search(r"iteration (\d+)", explorer.label)[1])
    shows(explorer, reference)
    explorer.locator.get_by_label("Play").click()
    explorer.wait_for_label(rf"iteration (?!{reference.iteration.value} )")
    explorer.handle(ITERATION).press("ArrowRight")  # which stops it
    explorer.locator.get_by_label("Play").wait_for()
    explorer.settle()
    reference.iteration.value = int(re.search(r"iteration (\d+)", explorer.label)[1])

    explorer.handle(SIGMA).evaluate(PRESS, [1] * 30)
    explorer.locator.get_by_role("button", name="New sample").click()
    explorer.handle(SIGMA).evaluate(PRESS, [-1] * 10)
    explorer.locator.get_by_role("button", name="New sample").click()
    explorer.settle()
    assert explorer.label == reference.description
    notebook.menu("Kernel", "Interrupt Kernel")
    notebook.wait_until_idle()
    reference.initialization.value = gd.Gaussian(0, 2)
    reference.initialization.seed += 2
    shows(explorer, reference)
    assert explorer.handle(SIGMA).get_attribute("aria-valuenow") == "2.0"
    assert notebook.run_cell(ASK).strip() == reference.description
    assert notebook.run_cell(LISTENED).strip() == "MainThread"


def test_closed_and_reopened(notebook, explorer, reference, shows, lab):
    explorer.drag(RATE, to=0.3)
    explorer.drag(ITERATION, to=0.4)
    explorer.locator.get_by_role("button", name="New sample").click()
    reference.initialization.seed += 1
    reference.learning_rate.value = float(re.search("rate ([^,]+)", explorer.label)[1])
    reference.iteration.value = int(re.search(r"iteration (\d+)", explorer.label)[1])
    explorer.wait_for_label(f"^{re.escape(reference.description)}$")
    notebook.page.keyboard.press("Control+s")
    notebook.page.locator(".lm-DockPanel-tabBar .lm-mod-current:not(.jp-mod-dirty)").wait_for()
    notebook.page.click(".lm-DockPanel-tabBar .lm-mod-current .lm-TabBar-tabCloseIcon")
    notebook.page.wait_for_selector(".jp-Notebook", state="detached")
    for reopen in (lambda: notebook.open(NAME), notebook.page.reload):
        reopen()
        again = notebook.figure("learning rate")
        shows(again, reference)
        again.drag(ITERATION, to=0.2)
        again.locator.get_by_role("button", name="New sample").click()
        reference.initialization.seed += 1
        reference.iteration.value = int(re.search(r"iteration (\d+)", again.label)[1])
        shows(again, reference)
        assert notebook.run_cell(ASK).strip() == reference.description


def test_a_restarted_kernel(notebook, explorer, reference, shows):
    notebook.menu("Kernel", "Restart Kernel…")
    notebook.page.click(".jp-Dialog .jp-mod-accept")
    explorer.locator.and_(notebook.page.locator(".jupyter-widgets-disconnected")).wait_for()
    notebook.wait_until_idle()
    cut_off = explorer.locator.locator(".jupyter-widgets-disconnected")
    marks = "all => all.filter(e => getComputedStyle(e, '::before').content !== 'none').length"
    assert cut_off.count() > 5
    assert cut_off.evaluate_all(marks) == 0  # the one mark is that of the figure
    for to in (0.3, 0.6):
        explorer.drag(RATE, to=to)
        rate = float(re.search("rate ([^,]+)", explorer.label)[1])
        reference.learning_rate.value = rate
        shows(explorer, reference)
    explorer.click(0.2, 0.5)  # which nobody answers
    explorer.settle()
    assert explorer.label == reference.description
    assert notebook.complaints == []

    notebook.run_cell(CREATE)
    explorer = notebook.figure("learning rate 0.25, iteration 20")
    explorer.drag(RATE, to=0.6)
    shows(explorer, reference)
    explorer.locator.get_by_role("button", name="New sample").click()
    reference.initialization.seed += 1
    shows(explorer, reference)
    assert notebook.run_cell(ASK).strip() == reference.description


def test_two_notebooks_at_once(notebook, write_notebook, reference, shows):
    names = [write_notebook(f"{name}.ipynb", EXPLORER, WHERE) for name in ("one", "two")]
    for stop, name in zip((30, 40), names, strict=True):
        notebook.open(name)
        notebook.run_cell(0)
        explorer = notebook.figure("learning rate")
        stop_now = round(float(explorer.handle(RATE).get_attribute("aria-valuenow")))
        press = [1 if stop > stop_now else -1] * abs(stop - stop_now)
        explorer.handle(RATE).evaluate(PRESS, press)
    for stop, name in zip((40, 30), reversed(names), strict=True):
        notebook.open(name)
        reference.learning_rate.value = reference.learning_rate.stops[stop]
        shows(notebook.figure("learning rate"), reference)
        assert notebook.run_cell(1).strip() == reference.description
