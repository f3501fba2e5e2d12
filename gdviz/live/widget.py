"""The browser half of a LiveFigure, seen from the kernel."""

from pathlib import Path
from typing import Any

import anywidget
import traitlets
from ipywidgets import CallbackDispatcher, widget_serialization


class LiveCanvas(anywidget.AnyWidget):
    """One canvas over one image: see canvas.js. `LiveFigure` fills it."""

    _esm = Path(__file__).parent / "canvas.js"
    _css = Path(__file__).parent / "canvas.css"

    painting = traitlets.Bytes().tag(sync=True)
    patches = traitlets.List(traitlets.Dict()).tag(sync=True)
    scene = traitlets.Dict().tag(sync=True)
    controls = traitlets.Dict().tag(sync=True, **widget_serialization)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.clicked = CallbackDispatcher()
        self.on_msg(self._receive)

    def __repr__(self) -> str:
        return "LiveCanvas()"

    def _receive(self, _: Any, content: dict[str, Any], __: Any) -> None:
        if content.get("type") == "click":
            self.clicked(content["axes"], content["x"], content["y"])
