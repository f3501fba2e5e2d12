"""What the tests of figures and widgets share."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image

collect_ignore = ["lite.py", "mutants.py", "pictures.py", "still_outputs.py"]
"""Programs, not tests."""

# For tests/mutants.py, which runs the tests a thousand times.
settings.register_profile("mutants", max_examples=20, derandomize=True, database=None)


@pytest.fixture
def sent(monkeypatch):
    """Return a function that starts to record the updates that a widget sends to the page."""

    def record(widget):
        messages = []

        def keep(data, buffers=None, **_):
            if data["method"] == "update":
                paths = [tuple(path) for path in data["buffer_paths"]]
                messages.append({**data["state"], **dict(zip(paths, buffers, strict=True))})

        monkeypatch.setattr(widget.comm, "send", keep)
        return messages

    return record


@pytest.fixture
def scenes(monkeypatch):
    """Return a function that starts to record what each update of a LiveFigure shows."""

    def record(figure):
        recorded, update = [], figure.update

        def keep(*args, **kwargs):
            update(*args, **kwargs)
            recorded.append(figure.scene)

        monkeypatch.setattr(figure, "update", keep)
        return recorded

    return record


@pytest.fixture
def same_picture():
    """Return a function that asserts that two scenes show the same at a position."""

    def compare(one, other, position):
        for mine, yours in zip(one.marks, other.marks, strict=True):
            np.testing.assert_array_equal(mine.at(position), yours.at(position))
        assert one.description.at(position) == other.description.at(position)

    return compare


@pytest.fixture
def pixels():
    """Return a function that decodes a PNG: an integer array (height, width, 3)."""
    return lambda png: np.asarray(Image.open(BytesIO(png)).convert("RGB")).astype(int)
