"""How the things that move look, the same in every explorer."""

from typing import Any

from gdviz.figures import COLORS, rim

PATH: dict[str, Any] = {
    "color": COLORS["vermillion"],
    "outline": "white",
    "width": 2.0,
    "dots": 4.5,
}
LINE: dict[str, Any] = {"color": COLORS["vermillion"], "outline": "white", "width": 3.0}
START: dict[str, Any] = {"color": "none", "outline": "black", "size": 13.0}
NOW: dict[str, Any] = {"color": COLORS["vermillion"], "outline": "white", "size": 11.0}
BEYOND: dict[str, Any] = {"color": "white", "outline": COLORS["vermillion"], "size": 13.0}
ARROW: dict[str, Any] = {"color": "black", "outline": "white", "width": 2.5}
CURRENT: dict[str, Any] = {
    "color": COLORS["orange"],
    "outline": rim(COLORS["orange"]),
    "width": 3.0,
}
WARNING: dict[str, Any] = {"color": COLORS["vermillion"], "width": 3.0}
