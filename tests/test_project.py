"""The project's own papers agree with one another."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import Specifier
from rattler import MatchSpec

import gdviz

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_environment_yml_has_the_bounds_of_pyproject():
    """Of Python, the oldest that is allowed."""
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    conda = {str(MatchSpec(entry, strict=True)) for entry in dependencies if isinstance(entry, str)}
    required = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["lab"]]
    wanted = {f"{name.name} {name.specifier}" for name in map(Requirement, required)}
    oldest = Specifier(PROJECT["requires-python"]).version
    assert conda == wanted | {f"python {oldest}.*", "pip"}
    assert dependencies[-1] == {"pip": ["-e ."]}


def test_the_top_level_stays_bare():
    allowed = {
        *("pyproject.toml", "README.md", "notebooks", "gdviz", "tests", "environment.yml"),
        *("LICENSE", "CHANGELOG.md", "Makefile"),
        *("build", "dist", "site"),  # what builds leave behind, ignored by git
    }
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert found <= allowed


def test_changelog_speaks_of_this_version():
    assert re.search(
        rf"^## {re.escape(gdviz.__version__)}\b", (ROOT / "CHANGELOG.md").read_text(), re.M
    )


def test_public_names_are_documented_and_sorted():
    assert gdviz.__all__ == sorted(gdviz.__all__)
    for name in gdviz.__all__:
        assert getattr(gdviz, name).__doc__, name


def test_importing_gdviz_alone_loads_no_matplotlib_and_no_widgets():
    code = "import gdviz, sys; print(sorted({'matplotlib', 'ipywidgets'} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert loaded.stdout.decode().strip() == "[]"
    assert set(gdviz.__all__) <= set(dir(gdviz))
    with pytest.raises(AttributeError, match="module 'gdviz' has no attribute 'Descant'"):
        gdviz.Descant  # noqa: B018
