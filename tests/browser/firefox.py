"""Notebook 01 and its page in Firefox, which itself speaks WebDriver BiDi.

Not among the tests of every day: `make firefox` runs it, where there is a Firefox
(`apt-get install firefox-esr`, or FIREFOX set to its path).
"""

import base64
import itertools
import json
import os
import re
import shutil
import subprocess
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import websocket
from PIL import Image

import gdviz as gd
from gdviz.export import export

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
NAME = "01_gradient_descent_in_action.ipynb"
TOKEN = "gdviz-test"
ARROW_RIGHT = "\ue014"
RATE, ITERATION = 0, 1
"""Which of the explorer's sliders is which."""


class Firefox:
    """A tab of Firefox, and what it complained about.

    The commands are those of https://w3c.github.io/webdriver-bidi/.
    """

    def __init__(self, address: str) -> None:
        self.socket = websocket.create_connection(address, suppress_origin=True, timeout=120)
        self.numbers = itertools.count()
        self.complaints: list[str] = []
        self.send("session.new", capabilities={})
        self.send("session.subscribe", events=["log.entryAdded"])
        # The first tab never has the focus, without which JupyterLab knows no current notebook.
        self.context = self.send("browsingContext.create", type="tab")["context"]

    def send(self, method: str, **parameters: Any) -> Any:
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (reply := json.loads(self.socket.recv())).get("id") != number:
            if reply["method"] == "log.entryAdded" and reply["params"]["level"] == "error":
                self.complaints.append(reply["params"]["text"])
        assert reply["type"] == "success", reply
        return reply["result"]

    def ask(self, method: str, **parameters: Any) -> Any:
        """Send a command that concerns the tab."""
        return self.send(method, context=self.context, **parameters)

    def open(self, url: str) -> None:
        self.ask("browsingContext.setViewport", viewport={"width": 1280, "height": 900})
        self.ask("browsingContext.navigate", url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """Return what a JavaScript expression, or its promise, comes to, by way of JSON."""
        reply = self.send(
            "script.evaluate",
            expression=f"Promise.resolve({expression}).then(x => JSON.stringify(x) ?? 'null')",
            target={"context": self.context},
            awaitPromise=True,
        )
        assert reply["type"] == "success", reply
        return json.loads(reply["result"]["value"])

    def wait_for(self, expression: str, seconds: float = 120) -> Any:
        """Wait until a JavaScript expression is true, and return it."""
        end = time.monotonic() + seconds
        while not (value := self.evaluate(expression)):
            assert time.monotonic() < end, expression
            time.sleep(0.1)
        return value

    def settle(self) -> None:
        """Wait for two frames, so that what was asked for is drawn."""
        self.evaluate("new Promise(f => requestAnimationFrame(() => requestAnimationFrame(f)))")

    def box(self, element: str) -> tuple[float, float, float, float]:
        """Return left, top, width and height of what an expression finds, once it is there."""
        box = f"(b => b && [b.x, b.y, b.width, b.height])(({element})?.getBoundingClientRect())"
        left, top, width, height = self.wait_for(box)
        return left, top, width, height

    def pointer(self, start: tuple[float, float], *path: tuple[float, float]) -> None:
        """Press the mouse at a place and release it at the end of a path."""

        def move(where: tuple[float, float]) -> dict[str, Any]:
            return {"type": "pointerMove", "x": round(where[0]), "y": round(where[1])}

        press, release = ({"type": f"pointer{way}", "button": 0} for way in ("Down", "Up"))
        self.act("pointer", [move(start), press, *map(move, path), release])

    def click(self, element: str) -> None:
        left, top, width, height = self.box(element)
        self.pointer((left + width / 2, top + height / 2))

    def press(self, *keys: str) -> None:
        self.act(
            "key", [{"type": way, "value": key} for key in keys for way in ("keyDown", "keyUp")]
        )

    def act(self, kind: str, actions: list[dict[str, Any]]) -> None:
        self.ask("input.performActions", actions=[{"type": kind, "id": kind, "actions": actions}])
        self.settle()


class Explorer:
    """The first DescentExplorer of the notebook in Firefox, and the same one in this process."""

    FIGURE = "document.querySelectorAll('.gdviz')[2]"
    LIVE = f"{FIGURE}.querySelector('.gdviz-live')"
    LABEL = f"{LIVE}.getAttribute('aria-label')"

    def __init__(self, firefox: Firefox, difference) -> None:
        self.firefox, self.difference = firefox, difference
        task = gd.LinearRegression(gd.datasets.penguins().standardized())
        self.reference = gd.DescentExplorer(task)
        before = firefox.box(self.FIGURE)
        firefox.evaluate(f"{self.FIGURE}.scrollIntoView()")
        while (box := firefox.box(self.FIGURE)) != before:  # until nothing above it grows any more
            before = box
            time.sleep(0.3)
        firefox.wait_for(self.LABEL)

    def part(self, selector: str, nth: int = 0) -> str:
        return f'{self.FIGURE}.querySelectorAll("{selector}")[{nth}]'

    def drag(self, nth: int, to: float) -> None:
        """Drag the nth slider's handle to a fraction of its track."""
        left, top, width, height = self.firefox.box(self.part(".noUi-handle", nth))
        track, _, length, _ = self.firefox.box(self.part(".noUi-base", nth))
        start, end, y = left + width / 2, track + to * length, top + height / 2
        self.firefox.pointer((start, y), *((x, y) for x in np.linspace(start, end, 8)))

    def check(self) -> tuple[float, int]:
        """Compare what is said and seen with this process's explorer; return where it stands."""
        label = self.firefox.evaluate(self.LABEL)
        words = re.match(r"learning rate ([^,]+), iteration (\d+) of 500: ", label)
        rate, iteration = float(words[1]), int(words[2])
        self.reference.learning_rate.value = rate
        self.reference.iteration.value = iteration
        assert label == self.reference.description
        url = self.firefox.evaluate(f"{self.LIVE}.querySelector('canvas').toDataURL()")
        canvas = Image.open(BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGBA")
        painting = Image.open(BytesIO(self.reference.canvas.painting)).convert("RGBA")
        painting = painting.resize(canvas.size, Image.Resampling.LANCZOS)
        shown = np.asarray(Image.alpha_composite(painting, canvas).convert("RGB"))
        # Edges are smoothed differently.
        assert self.difference(shown, self.reference.still()) < 0.003
        return rate, iteration


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    path = os.environ.get("FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")
    if path is None:
        pytest.skip("needs Firefox: apt-get install firefox-esr, or set FIREFOX to its path")
    profile = tmp_path_factory.mktemp("firefox")
    log = profile / "log"
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [path, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0"],
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )
    try:
        while not (found := re.search(r"WebDriver BiDi listening on (\S+)", log.read_text())):
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        page = Firefox(f"{found[1]}/session")
        yield page
        page.socket.close()
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="module")
def in_notebook(firefox, lab, difference):
    """Open the notebook and run it."""

    def choose(kind: str, item: str) -> None:
        labels = f"[...document.querySelectorAll('.lm-{kind}-itemLabel')]"
        firefox.click(f"{labels}.find(label => label.textContent === '{item}')")

    idle = "/Idle/.test(document.querySelector('#jp-main-statusbar')?.innerText)"
    firefox.open(f"{lab}/lab/tree/{NAME}?token={TOKEN}")
    firefox.wait_for(idle)
    choose("MenuBar", "Run")
    choose("Menu", "Run All Cells")
    firefox.wait_for("document.querySelectorAll('.gdviz').length === 4")
    firefox.wait_for(idle)  # only then does JupyterLab scroll no more
    return Explorer(firefox, difference)


def test_sliders_and_keys_move_the_picture(in_notebook):
    in_notebook.check()
    in_notebook.drag(RATE, to=0.62)
    rate, iteration = in_notebook.check()
    assert rate < 0.25
    in_notebook.drag(ITERATION, to=0.01)
    _, earlier = in_notebook.check()
    assert earlier < iteration
    in_notebook.firefox.evaluate(f"{in_notebook.part('.noUi-handle', ITERATION)}.focus()")
    in_notebook.firefox.press(ARROW_RIGHT, ARROW_RIGHT)
    assert in_notebook.check() == (rate, earlier + 2)
    assert in_notebook.firefox.complaints == []


def test_play_goes_on_until_pause(in_notebook):
    page = in_notebook.firefox
    rate, iteration = in_notebook.check()
    page.click(in_notebook.part("[aria-label=Play]"))
    page.wait_for(f"!{in_notebook.LABEL}.includes('iteration {iteration} ')")
    page.click(in_notebook.part("[aria-label=Pause]"))
    rest = in_notebook.check()
    assert rest[0] == rate
    assert rest[1] > iteration
    time.sleep(0.3)
    assert in_notebook.check() == rest
    assert page.complaints == []


def test_a_click_asks_the_kernel(in_notebook):
    page, reference = in_notebook.firefox, in_notebook.reference
    in_notebook.drag(ITERATION, to=0)
    before = page.evaluate(in_notebook.LABEL)
    left, top, width, height = page.box(in_notebook.LIVE)
    x, y = round(left + 0.3 * width), round(top + 0.6 * height)
    page.pointer((x, y))
    page.wait_for(f"{in_notebook.LABEL} !== {json.dumps(before)}")
    axes = reference._axes[0]
    to_data = (axes.transData - axes.figure.transFigure).inverted()
    reference.start = [to_data.transform(((x - left) / width, 1 - (y - top) / height))]
    in_notebook.check()
    assert page.complaints == []


def test_an_exported_page_needs_no_kernel(firefox, front_end, difference, tmp_path):
    [page, _] = export([NOTEBOOKS / NAME], tmp_path, offline=True, front_end=front_end)
    firefox.open(page.as_uri())
    on_page = Explorer(firefox, difference)
    on_page.reference.freeze(1_000_000)  # whose landscape has room for every start, as the page's
    on_page.check()
    on_page.drag(RATE, to=0.62)
    on_page.drag(ITERATION, to=0.01)
    rate, iteration = on_page.check()
    assert rate < 0.25
    assert 0 < iteration < 20
    on_page.drag(RATE, to=0.97)
    rate, _ = on_page.check()
    assert rate > 1
    assert firefox.complaints == []
