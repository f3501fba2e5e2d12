"""Widgets made by a notebook cell live until that cell is run again.

ipywidgets keeps every widget for the life of the kernel, and the page keeps a model for each, so
that a slider moved twenty times between edits of its cell would leave nineteen figures behind.
"""

from collections.abc import Iterator
from typing import Any
from weakref import WeakSet

from ipywidgets import Box, Widget

_made_by: dict[str, tuple[str, list[Widget]]] = {}
_living: WeakSet[Widget] = WeakSet()


def belongs_to_this_cell(widget: Widget) -> None:
    """Remember which cell made ``widget``, and close what an earlier run of that cell made."""
    _living.add(widget)
    cell, run = _running_cell()
    if cell is None or run is None:
        return
    earlier, widgets = _made_by.get(cell, (run, []))
    if earlier != run:
        for old in widgets:
            old.close()
            _forget(old)
        widgets = []
    _made_by[cell] = (run, [*widgets, widget])


def freeze_all(max_bytes: int) -> None:
    """Make every figure ready for a page without a kernel; together they take ``max_bytes``."""
    figures = sorted(_living, key=lambda figure: figure.scene.n_bytes)
    for count, figure in enumerate(figures):  # what small ones leave is for the large ones
        paintings = sum(len(later.canvas.painting) for later in figures[count:])
        figure.freeze((max_bytes - paintings) // (len(figures) - count))
        max_bytes -= figure.n_page_bytes


def close_tree(widget: Widget) -> None:
    """Close ``widget`` with all that is in it, their layouts and styles too."""
    _living.discard(widget)
    for part in list(all_in(widget)):
        for name in ("layout", "style"):
            looks = getattr(part, name, None)
            if isinstance(looks, Widget):
                Widget.close(looks)
        Widget.close(part)


def all_in(widget: Widget) -> Iterator[Widget]:
    """Yield the widgets in ``widget``, each before the box that it is in, and itself."""
    for child in widget.children if isinstance(widget, Box) else ():
        yield from all_in(child)
    yield widget


def _forget(widget: Widget) -> None:
    """Remove ``widget`` from the results that IPython keeps, as Out[n] and _n: megabytes each."""
    from IPython import get_ipython

    shell = get_ipython()
    for n in [n for n, result in shell.user_ns["_oh"].items() if result is widget]:
        del shell.user_ns["_oh"][n]
        shell.drop_by_id({f"_{n}": widget})


def running_kernel() -> Any:
    """Return the kernel in which this runs, or None where there is no notebook."""
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None)


def _running_cell() -> tuple[str | None, str | None]:
    """Return the ids of the cell and of the execution request, where a notebook sends them."""
    kernel = running_kernel()
    if kernel is None:
        return None, None
    request = kernel.get_parent("shell")
    return request.get("metadata", {}).get("cellId"), request.get("header", {}).get("msg_id")
