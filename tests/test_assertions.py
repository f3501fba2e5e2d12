"""Every test asserts something, itself or through a helper that it calls.

Read from the source: a test without an assertion passes whatever happens.
"""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
# What raises by itself where a claim is wrong, besides every name that starts with assert.
ASSERTING = {"raises", "warns", "fail", "expect"}


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def called(function: ast.FunctionDef) -> Iterator[str]:
    """Yield the last part of the name of everything that is called, and of fixtures asked for."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.func.id
            elif isinstance(node.func, ast.Attribute):
                yield node.func.attr
    yield from (argument.arg for argument in function.args.args)


def without_assertion(tests: Iterable[ast.FunctionDef], helpers: dict[str, ast.FunctionDef]):
    """Return the names of the tests that cannot fail by any claim of their own."""

    def asserts(function: ast.FunctionDef, seen: frozenset[str]) -> bool:
        if any(isinstance(node, ast.Assert) for node in ast.walk(function)):
            return True
        names = set(called(function)) - seen
        if any(name in ASSERTING or name.startswith("assert") for name in names):
            return True
        return any(asserts(helpers[name], seen | {name}) for name in names & set(helpers))

    return [test.name for test in tests if not asserts(test, frozenset({test.name}))]


def in_files(sources: dict[Path, str], shared: str) -> list[str]:
    """Return "file: test" for each test without an assertion; ``shared`` is what tests share."""
    found, common = [], {function.name: function for function in functions(ast.parse(shared))}
    for path, source in sources.items():
        own = {function.name: function for function in functions(ast.parse(source))}
        tests = [function for name, function in own.items() if name.startswith("test")]
        assert tests, f"{path} has no tests"
        names = without_assertion(tests, {**common, **own})
        found += [f"{path.name}: {name}" for name in names]
    return found


def test_every_test_asserts_something():
    paths = [*TESTS.rglob("conftest.py"), TESTS / "fuzz" / "strategies.py"]
    shared = "\n".join(path.read_text() for path in paths)
    sources = {path: path.read_text() for path in TESTS.rglob("test_*.py")}
    assert len(sources) > 50
    assert in_files(sources, shared) == []


@pytest.mark.parametrize(
    ("source", "right"),
    [
        ("def test(): assert f() == 1", True),
        ("def test():\n with pytest.raises(ValueError):\n  f()", True),
        ("def test(): np.testing.assert_allclose(f(), 1)", True),
        ("def check():\n assert f()\ndef test(): check()", True),
        ("def check():\n assert f()\ndef again(): check()\ndef test(): again()", True),
        ("def test(shared_check): shared_check(f())", True),
        ("def test(): f()", False),
        ("def check(): f()\ndef test(): check()", False),
        ("def check(): test()\ndef test(): check()", False),
        ("def check():\n assert f()\ndef test(): f(check)", False),
    ],
)
def test_an_assertion_is_found_where_there_is_one(source, right):
    shared = "def shared_check(x): assert x"
    assert in_files({Path("test_it.py"): source}, shared) == ([] if right else ["test_it.py: test"])
