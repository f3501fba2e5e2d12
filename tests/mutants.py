"""Change gdviz in one place at a time and see whether the tests notice (`make mutants`).

Cosmic Ray makes the changes, in copies under ``build/mutants``: a wrong sign, ``<`` for ``<=``,
one more or one less. A change that no test notices has survived; `mutants.md` says why it may.
Names of modules (``linear``, ``gradient_check/check``) limit the run to these.

A run goes on where the last one ended, unless the module has changed since: changes not yet made
are made, and those that survived are made once more, against the tests as they are now.
"""

import ast
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import TestOutcome, WorkerOutcome, WorkResult

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build" / "mutants"

# For each module, the tests that have to notice, besides the examples in its own docstrings.
TESTS = {
    "descent": ["descent", "optimizers"],
    "linear": ["linear", "task"],
    "softmax": ["softmax", "classification"],
    "logistic": ["logistic", "classification"],
    "classification": ["classification", "logistic", "softmax"],
    "optimizers": ["optimizers"],
    "initialization": ["initialization"],
    "task": ["task", "linear"],
    "buffers": ["buffers", "classification"],
    "guarded": ["guarded"],
    **{
        f"gradient_check/{name}": ["gradient_check"]
        for name in ("check", "mistakes", "report", "student")
    },
}

# Of each operator's replacements the ones that look most like it: the others die at once.
OPERATORS = [
    "Add_Sub|Sub_Add|Mul_Div|Div_Mul|FloorDiv_Mul|Mod_FloorDiv|Pow_Mul|BitAnd_BitOr|BitOr_BitAnd",
    "Lt_LtE|LtE_Lt|Gt_GtE|GtE_Gt|Lt_GtE|LtE_Gt|Gt_LtE|GtE_Lt|Eq_NotEq|NotEq_Eq|Is_IsNot|IsNot_Is",
    "Delete_Invert|Delete_Not|Delete_USub",
]
CONFIG = """
[cosmic-ray]
module-path = "gdviz/{module}.py"
timeout = {timeout:.0f}
test-command = "{command}"
[cosmic-ray.distributor]
name = "local"
[cosmic-ray.filters.operators-filter]
exclude-operators = ["core/Replace[A-Z][a-z]+Operator_(?!({operators})$)", "core/Variable"]
"""
PYTEST = (
    "python -m pytest -x -q --no-header --tb=line --hypothesis-profile=mutants "
    "-p no:cacheprovider -p _hypothesis_pytestplugin"
)


def main() -> None:
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # a start for every change: be quick
    for module in sys.argv[1:] or TESTS:
        folder = BUILD / module
        prepare(folder, module)
        run(folder, "cosmic-ray exec config.toml session.sqlite")
        with use_db(str(folder / "session.sqlite"), WorkDB.Mode.open) as session:
            report(module, session)


def prepare(folder: Path, module: str) -> None:
    """Copy package and tests, and see which changes are to be made."""
    source, original = ROOT / "gdviz" / f"{module}.py", folder / "original.py"
    if original.exists() and original.read_bytes() == source.read_bytes():
        copy_to(folder)
        with sqlite3.connect(folder / "session.sqlite") as session:
            session.execute("DELETE FROM work_results WHERE test_outcome = 'SURVIVED'")
        return
    shutil.rmtree(folder, ignore_errors=True)
    copy_to(folder)
    tests = [f"tests/test_{name}.py" for name in TESTS[module]]
    command = " ".join([PYTEST, *tests, f"gdviz/{module}.py"])
    start = time.perf_counter()
    run(folder, command)
    timeout = 10 + 4 * (time.perf_counter() - start)
    operators = "|".join(OPERATORS)
    (folder / "config.toml").write_text(
        CONFIG.format(module=module, command=command, timeout=timeout, operators=operators)
    )
    run(folder, "cosmic-ray init config.toml session.sqlite")
    run(folder, "cr-filter-operators session.sqlite config.toml")
    with use_db(str(folder / "session.sqlite"), WorkDB.Mode.open) as session:
        skip_idle(source, session)
    shutil.copy(source, original)


def copy_to(folder: Path) -> None:
    for name in ("gdviz", "tests"):
        shutil.rmtree(folder / name, ignore_errors=True)
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)


def run(folder: Path, command: str) -> None:
    subprocess.run(command.split(), cwd=folder, check=True)


def skip_idle(path: Path, session: WorkDB) -> None:
    """Leave out changes of names and types in signatures, and of numbers so large that 1 is 0."""
    spans = list(idle(ast.parse(path.read_text())))
    skipped = WorkResult(worker_outcome=WorkerOutcome.SKIPPED)
    for item in session.pending_work_items:
        (change,) = item.mutations
        decorator = change.operator_name == "core/RemoveDecorator"
        if not decorator and any(start <= change.start_pos < stop for start, stop in spans):
            session.set_result(item.job_id, skipped)


def idle(tree: ast.Module) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield start and end, each a line and a column, of what a change leaves as it is."""

    def start(node: ast.AST) -> tuple[int, int]:
        return node.lineno, node.col_offset

    def end(node: ast.AST) -> tuple[int, int]:
        return node.end_lineno, node.end_col_offset

    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign):
            yield start(node.annotation), end(node.annotation)
        elif isinstance(node, ast.Constant) and isinstance(node.value, float):
            if node.value + 1 == node.value:
                yield start(node), end(node)
        elif isinstance(node, ast.FunctionDef):
            given = [value for value in (*node.args.defaults, *node.args.kw_defaults) if value]
            given.sort(key=start)
            starts, stops = (
                [start(node), *map(end, given)],
                [*map(start, given), start(node.body[0])],
            )
            yield from zip(starts, stops, strict=True)


def report(module: str, session: WorkDB) -> None:
    """Print how many changes were noticed, and those that were not."""
    made = [
        (item.mutations[0], result)
        for item, result in session.completed_work_items
        if result.worker_outcome == WorkerOutcome.NORMAL
    ]
    survived = [
        (change, result) for change, result in made if result.test_outcome == TestOutcome.SURVIVED
    ]
    print(f"\n{module}: {len(made)} mutants, {len(survived)} survived", flush=True)
    for change, result in survived:
        lines = result.diff.splitlines()[3:]
        print(f"  {change.definition_name}, line {change.start_pos[0]}, {change.operator_name}")
        print(*(f"    {line}" for line in lines if line[:1] in ("-", "+")), sep="\n")


if __name__ == "__main__":
    main()
