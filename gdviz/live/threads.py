"""What a page says is answered in the thread in which cells run, one message after another.

Kernels may have several threads for messages (ipykernel 7 does, for JupyterLab's widgets): two
sliders are then answered at once, or beside a running cell. Neither a figure nor matplotlib is made
for that: the picture of the older message could come last and stay.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from ipywidgets import Widget

from gdviz.live.lifetime import all_in


def answer_where_cells_run(widget: Widget) -> None:
    """Have all messages to ``widget``, and to what is in it, handled in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        return  # made by a callback: the main thread's loop is out of reach
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # no kernel, no messages
        return
    for part in all_in(widget):
        part.comm.on_msg(_handled_in(loop, part._handle_msg))


def _handled_in(
    loop: asyncio.AbstractEventLoop, handle: Callable[[Any], None]
) -> Callable[[Any], None]:
    """Return a handler that waits for the main thread: the page is told when all is done."""

    async def answer(message: Any) -> None:
        handle(message)

    def wait(message: Any) -> None:
        if threading.current_thread() is threading.main_thread():
            handle(message)
        else:
            asyncio.run_coroutine_threadsafe(answer(message), loop).result()

    return wait
