"""Widgets live until the cell that made them is run again: in a real kernel, and outside of one."""

import pytest
from jupyter_client.manager import start_new_kernel

from gdviz.live import lifetime

SETUP = """
import gdviz as gd
from ipywidgets.widgets.widget import _instances
from matplotlib.figure import Figure
task = gd.LinearRegression([0.0, 1.0, 2.0], [1.0, 2.0, 2.5])

def live():
    return gd.LiveFigure(Figure(figsize=(2, 2)), [], {"k": range(3), "rate": [0.1, 1.0]})
"""
COUNT = "print(len(_instances), end='')"


class Notebook:
    """Runs code as the cell of a notebook, or, without a name, as a console would."""

    def __init__(self, client):
        self.client = client

    def run(self, code, cell=None):
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
        }
        metadata = {} if cell is None else {"cellId": cell}
        message = self.client.session.msg("execute_request", content, metadata=metadata)
        self.client.shell_channel.send(message)
        printed = ""
        while True:
            reply = self.client.get_iopub_msg(timeout=60)
            if reply["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            kind, body = reply["msg_type"], reply["content"]
            assert kind != "error", "\n".join(body["traceback"])
            if kind == "stream":
                printed += body["text"]
            if kind == "status" and body["execution_state"] == "idle":
                return printed

    def alive(self):
        return int(self.run(COUNT))


@pytest.fixture(scope="module")
def kernel():
    manager, client = start_new_kernel()
    notebook = Notebook(client)
    notebook.run(SETUP)
    yield notebook
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.fixture
def notebook(kernel):
    """A kernel without widgets, in which no cell has been run."""
    kernel.run(
        "from ipywidgets import Widget; from gdviz.live.lifetime import _made_by\n"
        "Widget.close_all(); _made_by.clear()"
    )
    assert kernel.alive() == 0
    return kernel


def test_running_a_cell_again_closes_what_it_made(notebook):
    counts = []
    for _ in range(20):
        notebook.run("figure = live(); display(figure)", cell="a")
        counts.append(notebook.alive())
    assert counts[0] > 8
    assert counts == 20 * counts[:1]


@pytest.mark.parametrize(
    "make",
    ["gd.DescentExplorer(task)", "gd.FitExplorer(task)", "gd.StepExplorer(task, [[0, 0]], 0.1)"],
)
def test_explorers_are_closed_whole(notebook, make):
    counts = []
    for _ in range(3):
        notebook.run(f"explorer = {make}; display(explorer)", cell="a")
        counts.append(notebook.alive())
    assert counts[0] > 8
    assert counts == 3 * counts[:1]


def test_what_is_closed_leaves_nothing_behind(notebook):
    """Neither in what IPython keeps as results, nor in what anywidget listens with."""
    kept = "import gc; gc.collect(); "
    kept += "print(sum(isinstance(o, gd.LiveFigure) for o in gc.get_objects()))"
    for cell in ("explorer = gd.DescentExplorer(task); None", "explorer = live()\nexplorer"):
        for _ in range(6):
            notebook.run(cell, cell="a")
        # The present one, and what was before it in _, __ and ___.
        assert int(notebook.run(kept)) <= 4


def test_several_widgets_of_one_cell_live_together(notebook):
    notebook.run("one, two = live(), live()", cell="a")
    together = notebook.alive()
    assert notebook.run("print(one.comm is not None, two.comm is not None)") == "True True\n"
    notebook.run("one, two = live(), live()", cell="a")
    assert notebook.alive() == together
    notebook.run("one = live()", cell="a")
    assert notebook.alive() == together // 2


def test_cells_leave_each_other_alone(notebook):
    notebook.run("a = live()", cell="a")
    one = notebook.alive()
    notebook.run("b = live()", cell="b")
    notebook.run("b = live()", cell="b")
    assert notebook.alive() == 2 * one
    assert notebook.run("print(a.comm is not None)") == "True\n"


def test_made_here_and_displayed_there(notebook):
    notebook.run("a = live()", cell="a")
    one = notebook.alive()
    for _ in range(3):
        notebook.run("display(a); a.update([])", cell="b")
    assert notebook.alive() == one
    assert notebook.run("print(a.comm is not None)") == "True\n"


def test_a_console_closes_nothing(notebook):
    notebook.run("a = live()")
    one = notebook.alive()
    notebook.run("a = live()")
    assert notebook.alive() == 2 * one


def test_outside_of_ipython_nothing_is_remembered():
    from matplotlib.figure import Figure

    from gdviz.live import LiveFigure

    first = LiveFigure(Figure(figsize=(2, 2)), [], {})
    LiveFigure(Figure(figsize=(2, 2)), [], {})
    assert first.comm is not None
    assert lifetime._made_by == {}
