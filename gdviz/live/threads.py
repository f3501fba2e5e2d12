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
    """Have all messages to ``widget``, and to what is in it, handled in this cell's thread."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # no kernel, no messages
        return
    for part in all_in(widget):
        part.comm.on_msg(_handled_in(loop, threading.current_thread(), part._handle_msg))


def _handled_in(
    loop: asyncio.AbstractEventLoop, thread: threading.Thread, handle: Callable[[Any], None]
) -> Callable[[Any], None]:
    async def answer(message: Any) -> None:
        handle(message)

    def wait(message: Any) -> None:
        """Handle the message, or wait until that thread has: the page hears that it is done."""
        if threading.current_thread() is thread:
            handle(message)
        else:
            asyncio.run_coroutine_threadsafe(answer(message), loop).result()

    return wait
