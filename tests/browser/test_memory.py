"""A cell that is run again and again: what was before leaves the kernel and the page."""

import pytest

pytestmark = pytest.mark.browser

EXPLORER = """
import gdviz as gd
gd.DescentExplorer(gd.LinearRegression(gd.datasets.penguins().standardized()))
"""
COUNT = """
import ctypes, gc, resource
from pathlib import Path
from ipywidgets.widgets.widget import _instances
gc.collect()
ctypes.CDLL(None).malloc_trim(0)  # what malloc keeps for itself is no leak
pages = int(Path("/proc/self/statm").read_text().split()[1])
figures = sum(isinstance(thing, gd.LiveFigure) for thing in gc.get_objects())
print(len(_instances), figures, len(gc.get_objects()))
print(pages * resource.getpagesize() // 10**6)
"""
PICTURES = """function() {
    const kinds = [HTMLCanvasElement, HTMLImageElement];
    return this.filter(each => kinds.some(kind => each instanceof kind)).length;
}"""
"""Counts the canvases and images among all elements."""


def test_a_cell_run_twenty_times(open_notebook, write_notebook):
    """Nothing of what was before remains, neither in the kernel nor in the page.

    But for what JupyterLab and ipywidgets keep of any slider and box, some 20 nodes each.
    """
    with open_notebook(write_notebook("twenty.ipynb", EXPLORER, COUNT)) as notebook:
        devtools = notebook.page.context.new_cdp_session(notebook.page)

        def pictures() -> int:
            """Return how many canvases and images the page can reach, shown or not."""
            prototype = devtools.send("Runtime.evaluate", {"expression": "HTMLElement.prototype"})
            found = devtools.send(
                "Runtime.queryObjects", {"prototypeObjectId": prototype["result"]["objectId"]}
            )
            objects = found["objects"]["objectId"]
            count = {"objectId": objects, "functionDeclaration": PICTURES}
            length = devtools.send("Runtime.callFunctionOn", count)["result"]["value"]
            devtools.send("Runtime.releaseObject", {"objectId": objects})
            return int(length)

        def measure() -> list[int]:
            notebook.page.locator(".gdviz-live[aria-label*='iteration 20']").wait_for()
            for _ in range(50):  # what was closed leaves the page a little later
                if (shown := pictures()) <= before + 2:
                    break
                notebook.page.wait_for_timeout(200)
            return [shown, *map(int, notebook.run_cell(1).split())]

        before = pictures()  # JupyterLab's own, and what other tests hold on to
        measured = {}
        for run in range(1, 21):
            notebook.run_cell(0)
            if run in (3, 20):
                measured[run] = measure()
    print(measured)
    shown, widgets, figures, objects, megabytes = measured[3]
    assert 2 <= measured[20][0] <= before + 2  # what is painted, and what moves
    assert 2 <= shown <= before + 2
    assert measured[20][1] == widgets
    assert measured[20][2] == figures <= 4  # the present one; IPython's _, __ and ___
    assert measured[20][3] < objects + 2000  # 11,000 in one explorer
    assert measured[20][4] < megabytes + 25  # of memory; 25 in one explorer
