"""Imports inside gdviz go down only, and heavy packages stay on the upper floors.

Read from the source, so that imports inside functions and for type checking count too.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import gdviz

PACKAGE = Path(gdviz.__file__).parent

ARRAYS = {"numpy"}
PICTURES = ARRAYS | {"matplotlib", "mpl_toolkits"}
# What ipywidgets and matplotlib themselves stand on comes with them.
WIDGETS = PICTURES | {"anywidget", "ipywidgets", "traitlets", "IPython", "PIL"}

# From the ground up. A module may import from the floors below its own and, besides the standard
# library, the packages named here. Its neighbours it does not know; a room such as figures may
# have many modules, which know each other. A planned room may be listed before it is built.
FLOORS: list[tuple[set[str], set[str]]] = [
    ({"arguments"}, ARRAYS),
    ({"datasets"}, ARRAYS),
    ({"task"}, ARRAYS),
    ({"buffers"}, ARRAYS),
    ({"classification"}, ARRAYS),
    ({"linear", "logistic", "softmax", "surfaces", "initialization"}, ARRAYS),
    # Below their neighbours of the design: the loop of descent follows an optimizer's directions.
    ({"optimizers"}, ARRAYS),
    ({"descent"}, ARRAYS),
    ({"guarded"}, ARRAYS),
    ({"landscape", "graph", "gradient_check"}, ARRAYS),
    ({"basins"}, ARRAYS),
    ({"figures"}, PICTURES),
    ({"live"}, WIDGETS),
    ({"explorers"}, WIDGETS),
    ({"export"}, {"nbclient", "nbconvert", "nbformat"}),
    ({"__main__"}, set()),
    ({"__init__"}, WIDGETS),
]


def room(module: str) -> str:
    """Return the floor plan's name for a dotted module inside gdviz ("" is gdviz itself)."""
    return module.split(".")[0] or "__init__"


def floor_of(module: str) -> int:
    """Return the number of the floor on which a module lives."""
    for number, (rooms, _) in enumerate(FLOORS):
        if room(module) in rooms:
            return number
    raise AssertionError(
        f"gdviz.{module} lives on no floor: add {room(module)!r} to FLOORS in "
        "tests/test_floors.py, above everything that it imports"
    )


def modules(package: Path) -> Iterator[tuple[str, Path]]:
    """Yield the dotted name, without gdviz, and the path of every module."""
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(path: Path, package: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the dotted name of everything that a module imports."""
    above = ["gdviz", *path.relative_to(package).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = above[: len(above) - node.level + 1] if node.level else []
            source = ".".join([*start, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{source}.{alias.name}") for alias in node.names)


def complaints(package: Path) -> list[str]:
    """Return what breaks the floor plan, one sentence each."""
    found = []
    names = {name for name, _ in modules(package)}
    for name, path in modules(package):
        own_floor = floor_of(name)
        allowed = FLOORS[own_floor][1] | sys.stdlib_module_names
        for line, imported in imports(path, package):
            place = f"{path.relative_to(package)}, line {line}"
            top, _, rest = imported.partition(".")
            if top != "gdviz":
                if top not in allowed:
                    found.append(f"{place}: {top} is for higher floors")
                continue
            while rest not in names:  # drop the imported object, keep its module
                rest = rest.rpartition(".")[0]
            if room(rest) != room(name) and floor_of(rest) >= own_floor:
                found.append(f"{place}: {room(name)} may not know {room(rest)}: imports go down")
    return found


def test_imports_go_down_and_heavy_packages_stay_up():
    assert complaints(PACKAGE) == []


def test_every_room_stands_on_one_floor():
    rooms = [name for names, _ in FLOORS for name in names]
    assert len(rooms) == len(set(rooms))


# --- the watchman is awake ----------------------------------------------------------------------


@pytest.fixture
def house(tmp_path):
    """Write modules, given as path and source, and return what is wrong with them."""

    def build(files: dict[str, str]) -> list[str]:
        for name in {"__init__.py": "", **files}:
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(files.get(name, ""), encoding="utf-8")
        return complaints(tmp_path)

    return build


RIGHT = {
    "__init__.py": "from gdviz import datasets\nfrom gdviz.descent import Descent\n",
    "datasets.py": "import csv\nimport numpy.typing\n",
    "task.py": "from gdviz.datasets import Dataset\n",
    "optimizers.py": "import gdviz.task\n",
    "descent.py": "from .optimizers import Optimizer\n",
    "figures/__init__.py": "from gdviz.figures.style import COLOURS\n",
    "figures/style.py": "import matplotlib.pyplot as plt\nfrom .. import datasets\n",
    "live/__init__.py": "",
    "live/widget.py": "import anywidget\nfrom ..figures.style import COLOURS\n",
    "explorers/__init__.py": "",
    "explorers/descent.py": "import ipywidgets\nfrom gdviz import figures, live, optimizers\n",
}


def test_a_house_in_order(house):
    assert house(RIGHT) == []


@pytest.mark.parametrize(
    ("path", "source", "complaint"),
    [
        ("datasets.py", "from gdviz.task import Task", "datasets may not know task"),
        ("datasets.py", "import gdviz.task", "datasets may not know task"),
        ("datasets.py", "from gdviz import task", "datasets may not know task"),
        ("datasets.py", "from . import task", "datasets may not know task"),
        ("datasets.py", "def f():\n    from .task import Task", "datasets may not know task"),
        ("task.py", "from gdviz import LinearRegression", "task may not know __init__"),
        ("task.py", "import gdviz", "task may not know __init__"),
        ("linear.py", "from gdviz.surfaces import Bowl", "linear may not know surfaces"),
        ("optimizers.py", "from gdviz.descent import Descent", "optimizers may not know descent"),
        ("figures/style.py", "from ..live.widget import W", "figures may not know live"),
        ("live/widget.py", "from gdviz.explorers import descent", "live may not know explorers"),
        ("task.py", "import matplotlib.pyplot as plt", "matplotlib is for higher floors"),
        ("task.py", "from scipy import linalg", "scipy is for higher floors"),
        ("figures/style.py", "import ipywidgets", "ipywidgets is for higher floors"),
    ],
)
def test_what_breaks_the_plan_is_named(house, path, source, complaint):
    files = {**RIGHT, "surfaces.py": "", path: source}
    [found] = house(files)
    assert found.startswith(f"{path}, line ")
    assert complaint in found


def test_an_unknown_module_is_told_where_to_go(house):
    with pytest.raises(AssertionError) as error:
        house({"plumbing.py": ""})
    assert str(error.value) == (
        "gdviz.plumbing lives on no floor: add 'plumbing' to FLOORS in tests/test_floors.py, above "
        "everything that it imports"
    )
