"""Every explorer and an exported page for those who use no mouse, or do not see the picture."""

import pytest
from playwright.sync_api import expect

from gdviz import explorers

pytestmark = pytest.mark.browser

SETUP = """
import numpy as np
import gdviz as gd
from gdviz.graph import add, mul, sq, sub, variable
line = gd.LinearRegression(gd.datasets.penguins().standardized())
bills = gd.datasets.penguins(["bill_length_mm", "bill_depth_mm"], "species").standardized()
softmax = gd.SoftmaxRegression(bills)
bowl, ravine = gd.surfaces.bowl(1), gd.surfaces.ravine(25)
start = [[-1.0, 1.0]]
"""
ARGUMENTS = {
    "AutopsyExplorer": "bowl, start=[[-2.0]], learning_rate=3.0, iterations=300",
    "BasinsExplorer": "gd.surfaces.bumpy(1), iterations=40",
    "CompareLandscapesExplorer": "{'one': ravine, 'again': ravine}, start=[[3.0, 1.0]]",
    "DescentExplorer": "ravine, iterations=100",
    "DifferenceExplorer": "np.exp, np.exp, x=1.0",
    "FitExplorer": "line",
    "GradientExplorer": "line.subset(range(0, 342, 30))",
    "GraphExplorer": "sq(sub(mul(variable('w', 2), variable('x', 3)), add(variable('b', 1), 1)))",
    "LearningRatesExplorer": "bowl, start=[[-2.0]]",
    "MinibatchExplorer": "line, start=start, iterations=100",
    "PullExplorer": "softmax",
    "RaceExplorer": "ravine, iterations=50",
    "RateCurveExplorer": "ravine, start=[[3.0, 1.0]]",
    "SigmoidExplorer": "",
    "StartsExplorer": "line, n_starts=20, iterations=40",
    "StepExplorer": "line, theta=start, learning_rate=0.15",
    "TemperatureExplorer": "[2.0, 1.0, -1.0], softmax.classes",
}
FOCUS = """
() => {
  const e = document.activeElement;
  const { outlineStyle, boxShadow } = getComputedStyle(e);
  return {
    role: e.getAttribute("role") ?? e.localName,
    name: e.getAttribute("aria-label") ?? e.textContent,
    value: e.getAttribute("aria-valuetext"),
    inside: !!e.closest(".gdviz.here"),
    ring: outlineStyle !== "none" || boxShadow !== "none",
  };
}
"""
CONTROLS = (
    ".gdviz-pad:not([hidden]), .widget-slider:not(:has([disabled])) .noUi-handle, "
    "button:enabled, select:enabled"
)


def test_every_explorer_is_here():
    assert list(ARGUMENTS) == explorers.__all__


@pytest.fixture(scope="module")
def all_explorers(lab, open_notebook, write_notebook):
    cells = [f"gd.{name}({arguments})" for name, arguments in ARGUMENTS.items()]
    write_notebook("accessibility.ipynb", SETUP, *cells)
    with open_notebook("accessibility.ipynb") as notebook:
        notebook.run_all()
        notebook.figure("temperature")
        yield notebook


@pytest.fixture(params=list(ARGUMENTS))
def explorer(request, all_explorers):
    nth = list(ARGUMENTS).index(request.param)
    figure = all_explorers.figures()[nth]
    figure.locator.evaluate("e => e.scrollIntoView({block: 'start'})")
    return figure


def test_axe_finds_nothing_in_explorers(all_explorers, axe):
    assert axe(all_explorers.page, ".gdviz") == []


class Keyboard:
    """Someone who has a figure, a keyboard and a screen reader."""

    def __init__(self, figure) -> None:
        self.figure = figure
        self.page = figure.page
        figure.locator.evaluate(
            """e => {
              document.querySelectorAll(".here").forEach((other) => other.classList.remove("here"));
              e.classList.add("here");
              e.tabIndex = -1;
              e.focus({ preventScroll: true });
            }"""
        )

    def press(self, key: str) -> dict:
        """Press a key, and return what has the focus then."""
        self.page.keyboard.press(key)
        self.figure.settle()
        return self.page.evaluate(FOCUS)

    def changed(self, before: str) -> None:
        """Wait until the spoken label is another one."""
        expect(self.figure.root).not_to_have_attribute("aria-label", before)

    def slide(self, name: str, every_key: bool) -> None:
        """Move the slider that has the focus from end to end, or by every key."""
        home = self.press("Home")["value"]
        if name in ("landscape turn", "landscape tilt"):  # no other numbers, only another view
            assert self.press("End")["value"] != home
            return
        label = self.figure.label
        end = self.press("End")["value"]
        assert end != home, name
        self.changed(label)
        if not every_key:
            return
        label = self.figure.label
        self.press("ArrowLeft")
        self.changed(label)
        label = self.figure.label
        assert self.press("ArrowRight")["value"] == end
        self.changed(label)
        assert self.press("PageDown")["value"] != end, name
        said = self.press("PageDown")["value"]
        readouts = self.figure.locator.locator(".widget-slider").filter(
            has=self.page.locator(":focus")
        )
        assert said == readouts.locator(".widget-readout").inner_text(), name

    def push(self, name: str) -> None:
        """Push the button that has the focus, by the space bar."""
        before = self.figure.label
        if name == "Play":
            assert self.press("Space")["name"] == "Pause"
            self.changed(before)
            assert self.press("Space")["name"] == "Play"
        elif name in ("One step back", "Back to the start"):
            self.press("Enter")  # where it has an effect: see notebook 01
        elif self.pressed() is None:
            self.press("Enter")
            self.changed(before)
            # A button may play: what is pressed next would not be all that changes the label.
            for pause in self.figure.locator.get_by_label("Pause", exact=True).all():
                pause.evaluate("e => e.click()")
            self.figure.settle()
        else:
            self.press("Space")
            assert self.pressed() == "true"
            if name == "surface":  # which can be turned
                tilt = self.figure.locator.locator(".noUi-handle").last
                expect(tilt).to_have_attribute("aria-disabled", "false")

    def pressed(self) -> str | None:
        return self.page.evaluate("document.activeElement.getAttribute('aria-pressed')")


def test_all_is_reached_and_operated_by_keyboard(explorer):
    keyboard = Keyboard(explorer)
    reached, roles = [], []
    while (focus := keyboard.press("Tab"))["inside"]:
        role, name = focus["role"], focus["name"]
        assert name.strip(), focus
        assert focus["ring"], focus
        if role == "textbox":
            assert name == reached[-1]  # of the slider before it
            continue
        reached.append(name)
        if role == "slider":  # the first by every key: the others hear the same
            keyboard.slide(name, every_key="slider" not in roles)
        elif role == "button":
            keyboard.push(name)
        elif role == "select":
            before = explorer.label
            keyboard.press("ArrowDown")
            keyboard.changed(before)
        else:
            assert role == "application"
            before = explorer.label
            for key in ("ArrowLeft", "ArrowLeft", "ArrowUp", "Enter"):
                keyboard.press(key)
            keyboard.changed(before)
            keyboard.press("Escape")
        roles.append(role)
    controls = explorer.locator.locator(CONTROLS)
    assert len(reached) == controls.evaluate_all(
        "all => all.filter((e) => e.checkVisibility()).length"
    )


def test_the_crosshair_says_where_it_is(all_explorers):
    figure = all_explorers.figures()[list(ARGUMENTS).index("RaceExplorer")]
    keyboard = Keyboard(figure)
    keyboard.press("Tab")
    for key, words in (("ArrowRight", "x 0.16, y 0"), ("ArrowUp", "x 0.16, y 0.08")):
        keyboard.press(key)
        expect(figure.spoken).to_have_text(words)


def test_what_changes_is_said_once_it_rests(all_explorers):
    figure = all_explorers.figures()[list(ARGUMENTS).index("FitExplorer")]
    figure.handle(0).focus()
    heard = figure.spoken.evaluate(
        """async (e) => {
          const heard = [];
          const ear = new MutationObserver(() => heard.push(e.textContent));
          ear.observe(e, { childList: true });
          window.heard = heard;
        }"""
    )
    keyboard = Keyboard(figure)
    keyboard.press("Tab")
    for _ in range(5):
        keyboard.press("ArrowLeft")
    expect(figure.spoken).to_have_text(figure.label)
    heard = figure.page.evaluate("window.heard")
    assert heard[-1:] == [figure.label]
    assert len(heard) <= 2  # the first may be of what came before
