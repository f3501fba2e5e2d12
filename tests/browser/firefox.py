"""Notebook 01 in Firefox, which itself speaks WebDriver BiDi.

Not among the tests of every day: `pytest tests/browser/firefox.py` runs it, where there is a
Firefox (`apt-get install firefox-esr`, or FIREFOX set to its path).
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

NAME = "01_gradient_descent_in_action.ipynb"
TOKEN = "gdviz-test"
ARROW_RIGHT = "\ue014"
RATE, ITERATION = 0, 1
"""Which of the explorer's sliders is which."""
START = (2.5, -1.5)
FIGURE = "[...document.querySelectorAll('.gdviz')].find(f => /learning rate/.test(f.innerHTML))"
LIVE = f"({FIGURE})?.querySelector('.gdviz-live')"


class Firefox:
    """A page of Firefox, and what it complained about.

    The commands are those of https://w3c.github.io/webdriver-bidi/.
    """

    def __init__(self, address: str) -> None:
        self.socket = websocket.create_connection(address, suppress_origin=True, timeout=60)
        self.numbers = itertools.count()
        self.complaints: list[str] = []
        self.send("session.new", capabilities={})
        self.send("session.subscribe", events=["log.entryAdded"])
        [tree] = self.send("browsingContext.getTree")["contexts"]
        self.context = tree["context"]

    def send(self, method: str, **parameters: Any) -> Any:
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (reply := json.loads(self.socket.recv())).get("id") != number:
            if reply["method"] == "log.entryAdded" and reply["params"]["level"] == "error":
                self.complaints.append(reply["params"]["text"])
        assert reply["type"] == "success", reply
        return reply["result"]

    def open(self, url: str, width: int, height: int) -> None:
        viewport = {"width": width, "height": height}
        self.send("browsingContext.setViewport", context=self.context, viewport=viewport)
        self.send("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """Return what a JavaScript expression comes to, by way of JSON."""
        reply = self.send(
            "script.evaluate",
            expression=f"JSON.stringify({expression}) ?? 'null'",
            target={"context": self.context},
            awaitPromise=False,
        )
        assert reply["type"] == "success", reply
        return json.loads(reply["result"]["value"])

    def wait_for(self, expression: str, seconds: float = 60) -> Any:
        """Wait until a JavaScript expression is true, and return it."""
        end = time.monotonic() + seconds
        while not (value := self.evaluate(expression)):
            assert time.monotonic() < end, expression
            time.sleep(0.1)
        return value

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
        device = {"type": kind, "id": kind, "actions": actions}
        self.send("input.performActions", context=self.context, actions=[device])


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
    while not (found := re.search(r"WebDriver BiDi listening on (\S+)", log.read_text())):
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    page = Firefox(f"{found[1]}/session")
    yield page
    page.socket.close()
    process.terminate()
    process.wait(timeout=20)


@pytest.fixture(scope="module")
def lesson(firefox, lab):
    """Open the notebook, run it and scroll to its first DescentExplorer."""
    firefox.open(f"{lab}/lab/tree/{NAME}?token={TOKEN}&reset", 1280, 900)
    idle = "document.querySelector('.jp-Notebook-ExecutionIndicator[data-status=idle]') !== null"
    firefox.wait_for(idle)
    for button in (
        ".jp-Toolbar [data-command='notebook:restart-run-all']",
        ".jp-Dialog .jp-mod-accept",
    ):
        firefox.click(f'document.querySelector("{button}")')
    firefox.wait_for(LABEL)
    firefox.wait_for(idle)
    time.sleep(2)  # JupyterLab scrolls to the last cell
    firefox.evaluate(f"({FIGURE}).scrollIntoView()")
    time.sleep(1)
    return firefox


LABEL = f"({LIVE})?.getAttribute('aria-label')"


@pytest.fixture
def reference():
    """Return the same explorer in this process."""
    return gd.DescentExplorer(gd.LinearRegression(gd.datasets.penguins().standardized()))


def follow(page: Firefox, reference) -> None:
    """Move the explorer in this process to where the page's is, and compare what they say."""
    label = page.evaluate(LABEL)
    reference.learning_rate.value = float(re.search(r"rate ([^,]+)", label)[1])
    reference.iteration.value = int(re.search(r"iteration (\d+)", label)[1])
    assert label == reference.description


def picture(page: Firefox, painting: bytes) -> np.ndarray:
    url = page.evaluate(f"({LIVE}).querySelector('canvas').toDataURL()")
    canvas = Image.open(BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGBA")
    below = Image.open(BytesIO(painting)).convert("RGBA")
    below = below.resize(canvas.size, Image.Resampling.LANCZOS)
    return np.asarray(Image.alpha_composite(below, canvas).convert("RGB"))


def handle(nth: int) -> str:
    return f"({FIGURE}).querySelectorAll('.noUi-handle')[{nth}]"


def drag(page: Firefox, nth: int, to: float) -> None:
    left, top, width, height = page.box(handle(nth))
    track, _, length, _ = page.box(f"{handle(nth)}.closest('.noUi-base')")
    start, end = left + width / 2, track + to * length
    y = top + height / 2
    page.pointer((start, y), *((x, y) for x in np.linspace(start, end, 8)))
    time.sleep(0.3)


def test_mouse_and_keyboard_move_the_picture(lesson, reference, difference):
    drag(lesson, RATE, to=0.62)
    drag(lesson, ITERATION, to=0.01)
    before = lesson.evaluate(LABEL)
    lesson.evaluate(f"{handle(ITERATION)}.focus()")
    lesson.press(ARROW_RIGHT, ARROW_RIGHT)
    time.sleep(0.3)
    assert lesson.evaluate(LABEL) != before
    follow(lesson, reference)
    shown = picture(lesson, reference.canvas.painting)
    assert difference(shown, reference.still()) < 0.003  # edges are smoothed differently
    assert lesson.complaints == []


def test_play(lesson, reference):
    lesson.click(f"({FIGURE}).querySelector('[aria-label=Play]')")
    before = lesson.evaluate(LABEL)
    lesson.wait_for(f"{LABEL} !== {json.dumps(before)}")
    lesson.click(f"({FIGURE}).querySelector('[aria-label=Pause]')")
    time.sleep(0.3)
    follow(lesson, reference)
    assert lesson.complaints == []


def test_a_click_asks_the_kernel(lesson, reference, difference):
    before = lesson.evaluate(LABEL)
    drag(lesson, ITERATION, to=0)
    axes = reference._axes[0]
    x, y = (axes.transData - axes.figure.transFigure).transform(START)
    left, top, width, height = lesson.box(LIVE)
    x, y = round(left + x * width), round(top + (1 - y) * height)
    lesson.pointer((x, y))
    lesson.wait_for(f"{LABEL} !== {json.dumps(before)} && !/loss 6/.test({LABEL})")
    inverse = (axes.transData - axes.figure.transFigure).inverted()
    reference.start = [inverse.transform(((x - left) / width, 1 - (y - top) / height))]
    follow(lesson, reference)
    shown = picture(lesson, reference.canvas.painting)
    assert difference(shown, reference.still()) < 0.003
    assert lesson.complaints == []


def test_what_it_looks_like(lesson, tmp_path):
    shot = lesson.send("browsingContext.captureScreenshot", context=lesson.context)["data"]
    Path(os.environ.get("FIREFOX_PICTURE", tmp_path / "firefox.png")).write_bytes(
        base64.b64decode(shot)
    )
