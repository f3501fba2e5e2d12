"""The browser half of a LiveFigure, seen from the kernel."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import anywidget
import traitlets
from ipywidgets import CallbackDispatcher, widget_serialization

HERE = Path(__file__).parent


def source(name: str) -> str:
    """Return a file of the page's half as text.

    anywidget watches a path for changes on behalf of every widget that was ever made from it, and
    so keeps them all; a text it leaves alone.
    """
    return (HERE / name).read_text(encoding="utf-8")


class LiveCanvas(anywidget.AnyWidget):
    """One canvas over one image: see canvas.js. `LiveFigure` fills it."""

    _esm = source("canvas.js")
    _css = source("canvas.css")

    own_id = traitlets.Unicode().tag(sync=True)
    painting = traitlets.Bytes().tag(sync=True)
    patches = traitlets.List(traitlets.Dict()).tag(sync=True)
    scene = traitlets.Dict().tag(sync=True)
    controls = traitlets.Dict().tag(sync=True, **widget_serialization)

    def __init__(self, **traits: Any) -> None:
        own_id = uuid4().hex
        super().__init__(model_id=own_id, own_id=own_id, **traits)
        self.clicked = CallbackDispatcher()
        self.on_msg(self._receive)

    def __repr__(self) -> str:
        return "LiveCanvas()"

    def _receive(self, _: Any, content: dict[str, Any], __: Any) -> None:
        if content.get("type") == "click":
            self.clicked(content["axes"], content["x"], content["y"])
