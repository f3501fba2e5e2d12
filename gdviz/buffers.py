"""Memory for numbers on the way, kept from one step to the next.

Fresh memory for large arrays costs more than the arithmetic in it: the system has to clear it.
"""

import math
import threading

import numpy as np

from gdviz.task import Array


class Buffers(threading.local):
    """Arrays by name, to be passed as NumPy's ``out=``; each thread has its own."""

    def __init__(self) -> None:
        self._memory: dict[str, Array] = {}

    def __call__(self, name: str, shape: tuple[int, ...]) -> Array:
        """Return an array that holds anything, valid until this name is asked for again."""
        size = math.prod(shape)
        memory = self._memory.get(name)
        if memory is None or memory.size < size:
            memory = self._memory[name] = np.empty(size)
        return memory[:size].reshape(shape)
