"""What a student's hand and eye meet in one notebook, and what it costs the kernel."""

import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import psutil
from conftest import Notebook
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image
from playwright.sync_api import Locator

HERE = Path(__file__).parent
LAST = 200
"""The slider's last index, as lessons/common.py has it."""
DRAG_SECONDS = 3.0


@dataclass
class Lesson:
    """One way of building the lesson, where its picture is, and what was measured of it.

    Times are in milliseconds; a Drag and a Play each have their own numbers.
    """

    name: str
    label: str
    selector: str
    kind: str = "pixels"
    bar: bool = True
    magic: str = ""
    first_paints: list[float] = field(default_factory=list)
    keys: list[float] = field(default_factory=list)
    drags: list["Drag"] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        """Write the lesson as a notebook."""
        cells = [self.magic, (HERE / "lessons" / f"{self.name}.py").read_text().strip()]
        notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells if cell])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, folder / f"{self.name}.ipynb")


@dataclass
class Drag:
    """One drag from end to end at constant speed.

    ``frames`` are pictures per second, ``lag`` milliseconds from release to the last picture,
    ``cpu`` the kernel's seconds per second of dragging, ``sent`` bytes in both directions.
    """

    frames: float
    lag: float
    backwards: int
    cpu: float
    sent: int


class Desk:
    """A student at a lesson's notebook, its kernel, and the probe in its page."""

    def __init__(self, lesson: Lesson, page: Any, lab: Any) -> None:
        self.lesson, self.page, self.lab = lesson, page, lab
        self.notebook = Notebook(page, lab, f"{lesson.name}.ipynb")
        self.page.evaluate(
            "what => probe.watch(what)",
            {"kind": lesson.kind, "selector": lesson.selector, "bar": lesson.bar},
        )

    def first_paint(self) -> float:
        """Run all cells; return the milliseconds from the click to the first picture."""
        self.notebook.run_all()
        shown, _ = self._changed(0, timeout=90_000)
        first = shown - self._event("pointerdown")
        self.notebook.wait_until_idle()
        self.settle()
        return first

    def settle(self, seconds: float = 0.5) -> None:
        """Wait until the picture has not changed for a while."""
        before = -1
        while before != (before := self._count()):
            self.page.wait_for_timeout(1000 * seconds)

    def time(self, act: Callable[[], Any], event: str) -> float:
        """Return the milliseconds from the event that an act causes to the next new picture."""
        before = self._count()
        act()
        shown, _ = self._changed(before)
        return shown - self._event(event)

    def keys(self, count: int, rng: np.random.Generator) -> list[float]:
        """Press the slider's arrow key ``count`` times, each time with the page idle."""
        self._move_to("Home")
        return [self.key("ArrowRight", rng) for _ in range(count)]

    def key(self, key: str, rng: np.random.Generator) -> float:
        """Press a key; return the milliseconds to the new picture."""
        self.page.wait_for_timeout(rng.uniform(150, 250))
        return self.time(lambda: self.page.keyboard.press(key), "keydown")

    def choose(self, control: Locator, choice: str, rng: np.random.Generator) -> float:
        """Choose from a list; return the milliseconds to the new picture."""
        self.page.wait_for_timeout(rng.uniform(150, 250))
        return self.time(lambda: control.select_option(choice), "change")

    def click(self, x: float, y: float, rng: np.random.Generator) -> float:
        """Click at fractions of the picture; return the milliseconds to the new picture."""
        box = self.page.locator(self.lesson.selector).last.bounding_box()
        place = box["x"] + x * box["width"], box["y"] + y * box["height"]
        self.page.mouse.move(*place)
        self.page.wait_for_timeout(rng.uniform(150, 250))
        return self.time(lambda: self.page.mouse.click(*place), "pointerdown")

    def ends(self) -> tuple[float, float]:
        """Return what the probe reads at both ends of the slider."""
        self._move_to("End")
        high = self._value()
        self._move_to("Home")
        return self._value(), high

    def drag(self) -> Drag:
        """Drag the slider's handle from its first value to its last."""
        low, high = self.ends()
        handle = self.page.locator(".noUi-handle").first
        box = handle.bounding_box()
        width = self.page.locator(".noUi-base").first.bounding_box()["width"]
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        with self._cost() as cost:
            before = self._count()
            self.page.mouse.down()
            began, moves = time.perf_counter(), 0
            while (elapsed := time.perf_counter() - began) < DRAG_SECONDS:
                self.page.mouse.move(x + elapsed / DRAG_SECONDS * width, y)
                moves += 1
                time.sleep(max(0.0, began + moves / 60 - time.perf_counter()))
            self.page.mouse.move(x + width, y)
            self.page.mouse.up()
            self.settle(1.5)
        released = self._event("pointerup")
        seconds = (released - self._event("pointerdown")) / 1000
        seen = self.page.evaluate("count => probe.seen.slice(count)", before)
        lag, backwards = max(0.0, seen[-1][0] - released), 0
        if self.lesson.bar:
            indices = np.round([LAST * (value - low) / (high - low) for _, value in seen])
            backwards = int(np.sum(np.diff(indices) < 0))
            if abs(indices[-1] - self._index()) > 1:  # a pixel's rounding
                lag = np.inf  # the last value is never shown
        return Drag(
            frames=sum(shown <= released for shown, _ in seen) / seconds,
            lag=lag,
            backwards=backwards,
            cpu=cost["cpu"] / seconds,
            sent=cost["sent"],
        )

    def play(self) -> float:
        """Play all iterations; return the kernel's CPU seconds per second."""
        self.page.get_by_label("Back to the start").first.click()
        self.settle()
        with self._cost() as cost:
            began = time.perf_counter()
            self.page.get_by_label("Play", exact=True).first.click()
            self.page.get_by_label("Pause").first.wait_for()
            self.page.get_by_label("Play", exact=True).first.wait_for(timeout=30_000)
            seconds = time.perf_counter() - began
            self.settle()
        return cost["cpu"] / seconds

    def presented(self, key: str) -> tuple[float, float]:
        """Press a key; return the milliseconds to the new picture: the probe's, the screen's.

        The second comes from what Chromium's compositor shows, in which the bar must be as long
        as the probe says, on the scale of the slider's ends.
        """
        ends = []
        for name in ("Home", "End"):
            self._move_to(name)
            ends.append((self._value(), _bar_in(self.page.screenshot())))
        (low, shown_low), (high, shown_high) = ends
        frames: list[dict[str, Any]] = []
        protocol = self.page.context.new_cdp_session(self.page)
        protocol.on("Page.screencastFrame", lambda frame: frames.append(frame))
        protocol.send("Page.startScreencast", {"format": "png", "everyNthFrame": 1})
        self.page.wait_for_timeout(500)
        while frames:  # each frame must be answered before the next is sent
            session = frames.pop()["sessionId"]
            protocol.send("Page.screencastFrameAck", {"sessionId": session})
            self.page.wait_for_timeout(300)
        painted = self.time(lambda: self.page.keyboard.press(key), "keydown")
        pressed = self.page.evaluate("performance.timeOrigin") + self._event("keydown")
        wanted = shown_low + (shown_high - shown_low) * (self._value() - low) / (high - low)
        for _ in range(50):
            self.page.wait_for_timeout(20)
            while frames:
                frame = frames.pop(0)
                session = {"sessionId": frame["sessionId"]}
                protocol.send("Page.screencastFrameAck", session)
                if abs(_bar_in(b64decode(frame["data"])) - wanted) <= 1:
                    protocol.send("Page.stopScreencast")
                    return painted, 1000 * frame["metadata"]["timestamp"] - pressed
        raise RuntimeError(f"{self.lesson.label}: the screen never showed what the probe read")

    @contextmanager
    def _cost(self) -> Iterator[dict[str, Any]]:
        """Fill a dict with what happens meanwhile: the kernel's CPU seconds, bytes passed."""
        children = psutil.Process(self.lab.process).children(recursive=True)
        kernels = [child for child in children if "ipykernel_launcher" in child.cmdline()]
        kernel = max(kernels, key=psutil.Process.create_time)  # an earlier one may be ending

        def stand() -> tuple[float, int]:
            times = kernel.cpu_times()
            return times.user + times.system, self.page.evaluate("probe.bytes")

        cost: dict[str, Any] = {}
        cpu, sent = stand()
        yield cost
        after = stand()
        cost.update(cpu=after[0] - cpu, sent=after[1] - sent)

    def _move_to(self, key: str) -> None:
        """Move the slider to an end, and wait until the picture is there."""
        before, stood = self._count(), self._index()
        self.page.locator(".noUi-handle").first.focus()
        self.page.keyboard.press(key)
        if self._index() != stood:
            self._changed(before)
        self.settle()

    def _index(self) -> int:
        """Return the index at which the slider stands."""
        handle = self.page.locator(".noUi-handle").first
        return round(float(handle.get_attribute("aria-valuenow")))

    def _value(self) -> float:
        return self.page.evaluate("probe.seen.at(-1)[1]")

    def _count(self) -> int:
        return self.page.evaluate("probe.seen.length")

    def _changed(self, count: int, timeout: int = 5000) -> list[float]:
        line = self.page.evaluate("given => probe.changed(...given)", [count, timeout])
        if line is None:
            raise TimeoutError(f"{self.lesson.label} showed nothing new in {timeout} ms")
        return line

    def _event(self, kind: str) -> float:
        return self.page.evaluate("kind => probe.events.findLast(e => e[1] === kind)[0]", kind)


def _bar_in(screenshot: bytes) -> int:
    """Return the length of the bar, the longest row of vermillion, in pixels."""
    red, green, blue = np.asarray(Image.open(BytesIO(screenshot)).convert("RGB"), int).T
    vermillion = (red > 180) & (green > 60) & (green < 140) & (blue < 60)
    return int(vermillion.sum(axis=0).max())


@contextmanager
def sitting(browser: Any, lab: Any, lesson: Lesson) -> Iterator[Desk]:
    """Open a lesson in a page of its own, with nothing cached; shut its kernel down at the end."""
    context = browser.new_context(viewport={"width": 1280, "height": 1500})
    context.add_init_script(path=HERE / "probe.js")
    try:
        desk = Desk(lesson, context.new_page(), lab)
        yield desk
        if desk.notebook.complaints and lesson.name in ("live_figure", "explorer", "asking"):
            raise RuntimeError(f"{lesson.label}: {desk.notebook.complaints}")
    finally:
        context.close()
        lab.shut_down_kernels()
