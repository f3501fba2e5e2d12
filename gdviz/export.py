"""Notebooks as web pages in which the sliders go on working, with no kernel.

A notebook is run, its figures are made ready for life without a kernel (`LiveFigure.freeze`), and
nbconvert writes the page: the widgets' state is in it, and the front end that shows them is
Jupyter's own, from the usual CDN or, offline, inside the page.
"""

import hashlib
import os
import sys
import tempfile
import urllib.request
from collections.abc import Iterable, Sequence
from html import escape
from importlib.metadata import files
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert import HTMLExporter

PAGE_BYTES = 4_000_000
"""What the figures of a page may hold together."""
CDN = "https://cdn.jsdelivr.net/npm/"
FRONT_END = {
    "require.js": (
        "requirejs@2.3.7/require.js",
        "8215b90000b571bd241d28512c83f59855cecc3158db94b79b2d974c9923b5d2",
    ),
    "embed-amd.js": (
        "@jupyter-widgets/html-manager@1.0.15/dist/embed-amd.js",
        "ca87dff57c70ffb2658794fde0eab0e27e5f5472a1f5df7ab2b08e1039fc4b72",
    ),
    "tex-svg.js": (
        "mathjax@3.2.2/es5/tex-svg.js",
        "d4295dc33744836935c1399feece5159577b34c5c8ffb9f1c6324cd82e03a882",
    ),
}
"""What pages need beside anywidget: where it is on the CDN, and its SHA-256."""
FREEZE = "import gdviz.live.lifetime as lifetime; lifetime.freeze_all({max_bytes})"
MATHJAX = """
window.MathJax = {
  tex: {inlineMath: [["$", "$"], ["\\\\(", "\\\\)"]], processEscapes: true},
  options: {ignoreHtmlClass: "jp-InputArea|gdviz", processHtmlClass: "jp-RenderedMarkdown"},
  startup: {
    ready() {
      MathJax.Hub = {Queue() {}};
      MathJax.startup.defaultReady();
    },
  },
  Hub: {Queue() {}},
};
"""
"""Text in widgets is text: `Hub` is how they would ask MathJax 2 to typeset it."""
STYLE = """<style>
.jupyter-widgets { font-family: var(--jp-ui-font-family, sans-serif); }
summary { margin-left: 100px; cursor: pointer; }
body .jp-RenderedMarkdown a:link { text-decoration: underline; }
body { /* Jupyter's own colours are too pale to be read by all */
  --jp-cell-prompt-not-active-font-color: #616161;
  --jp-cell-prompt-not-active-opacity: 1;
  --jp-mirror-editor-comment-color: #2f6f6f;
  --jp-mirror-editor-number-color: #007000;
  --jp-mirror-editor-operator-color: #8a00e0;
}
</style>
"""
TEMPLATE = """
{%- extends "lab/index.html.j2" -%}
{%- block html_head_js_requirejs -%}{{ resources.gdviz_head }}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block footer_js -%}{{ resources.gdviz_foot }}{%- endblock -%}
{%- block output_group -%}
{%- if cell.metadata.get("jupyter", {}).get("outputs_hidden") -%}
<details><summary>Show the answer</summary>{{ super() }}</details>
{%- else -%}{{ super() }}{%- endif -%}
{%- endblock -%}
"""


class ExportError(Exception):
    """What stops an export, said to the person who asked for it."""


def export(
    notebooks: Sequence[Path],
    to: Path,
    *,
    offline: bool = False,
    front_end: Path | None = None,
) -> list[Path]:
    """Write a page for each notebook, and an index of them.

    Parameters
    ----------
    notebooks : sequence of Path
    to : Path
        A folder; made if it is not there.
    offline : bool
        Put the front end into the pages, so that they need no network, not even a server.
    front_end : Path, optional
        A folder with the files of `FRONT_END`. Default: they are fetched from the CDN.

    Returns
    -------
    list of Path
        The pages, the index last. Each is complete or not there at all.

    Raises
    ------
    ExportError
        If a notebook is missing, is none, or fails; or if a file cannot be had or written.
    """
    if not notebooks:
        raise ExportError(
            "no notebook is named: python -m gdviz export notebooks/*.ipynb --to site"
        )
    names = [notebook.stem for notebook in notebooks]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ExportError(f"two notebooks are called {', '.join(twice)}: their pages would be one")
    if "index" in names:
        raise ExportError("a notebook called index would overwrite the index: rename it")
    head, foot = _embedded(front_end) if offline else _linked()
    try:
        to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"{to} cannot be made a folder for the pages: {error}") from None
    pages, entries = [], []
    for count, notebook in enumerate(notebooks, start=1):
        _say(f"[{count}/{len(notebooks)}] {notebook.name}: running ...")
        executed = _execute(notebook)
        page = to / f"{notebook.stem}.html"
        _write(page, _convert(executed, notebook.stem, head, foot))
        _say(f"[{count}/{len(notebooks)}] {page} ({page.stat().st_size / 1e6:.1f} MB)")
        pages.append(page)
        entries.append((page.name, *_opening(executed)))
    index = to / "index.html"
    _write(index, _index(entries))
    _say(f"open {index}")
    return [*pages, index]


def _execute(path: Path) -> Any:
    """Run a notebook, freeze its figures, and return it with the widgets' state."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise ExportError(f"there is no notebook {path}") from None
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise ExportError(f"{path} cannot be read as a notebook: {error}") from None
    n_cells = len(notebook.cells)
    notebook.cells.append(nbformat.v4.new_code_cell(FREEZE.format(max_bytes=PAGE_BYTES)))
    client = NotebookClient(
        notebook,
        timeout=600,
        store_widget_state=True,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        raise ExportError(
            f"{path} does not run, so no page was written: {error.ename}: {error.evalue}\n"
            f"in the cell that begins: {_running(notebook)}"
        ) from None
    except (CellTimeoutError, DeadKernelError) as error:
        raise ExportError(f"{path} does not run, so no page was written: {error}") from None
    notebook.cells = notebook.cells[:n_cells]
    return notebook


def _running(notebook: Any) -> str:
    """Return the first line of the cell that was run last."""
    done = [cell for cell in notebook.cells if cell.get("execution_count")]
    return str(done[-1].source.partition("\n")[0]) if done else ""


def _convert(notebook: Any, title: str, head: str, foot: str) -> str:
    """Return the page of an executed notebook."""
    exporter = HTMLExporter(raw_template=TEMPLATE)
    resources = {"metadata": {"name": title}, "gdviz_head": STYLE + head, "gdviz_foot": foot}
    page, _ = exporter.from_notebook_node(notebook, resources)
    return str(page)


def _linked() -> tuple[str, str]:
    """Return what loads the front end from the CDN: for a page's head, and for its end."""
    script = '<script src="{}"></script>\n'
    require, embed, mathjax = (script.format(CDN + place) for place, _ in FRONT_END.values())
    return require + _script(_anywidget()) + embed, _script(MATHJAX) + mathjax


def _embedded(folder: Path | None) -> tuple[str, str]:
    """Return the same with the front end inside."""
    require, embed, mathjax = (_script(_front_end_file(name, folder)) for name in FRONT_END)
    return require + _script(_anywidget()) + embed, _script(MATHJAX) + mathjax


def _script(code: str) -> str:
    """Return a script element that does not end before its code does."""
    code = code.replace("</script", r"<\/script")
    return f"<script>{code}</script>\n"


def _front_end_file(name: str, folder: Path | None) -> str:
    """Return a file of the front end, from a folder or the CDN."""
    place, digest = FRONT_END[name]
    try:
        if folder is not None:
            return (folder / name).read_text(encoding="utf-8")
        _say(f"fetching {CDN + place} ...")
        with urllib.request.urlopen(CDN + place, timeout=60) as response:
            content = response.read()
    except OSError as error:
        raise ExportError(
            f"{name}, which offline pages carry inside, cannot be had: {error}. Fetch "
            f"{CDN + place} where there is a network, and name its folder: --front-end FOLDER"
        ) from None
    if hashlib.sha256(content).hexdigest() != digest:
        raise ExportError(f"{CDN + place} is not the file that it was: its SHA-256 differs")
    return str(content, "utf-8")


def _anywidget() -> str:
    """Return anywidget's own build for pages, which its wheel carries, as a module with a name.

    Without it the front end would look for the module beside the page first.
    """
    for file in files("anywidget") or ():
        if file.as_posix().endswith("nbextensions/anywidget/index.js"):
            code = Path(str(file.locate())).read_text(encoding="utf-8")
            return code.replace("define([", 'define("anywidget", [', 1)
    raise ExportError("anywidget came without nbextensions/anywidget/index.js: install its wheel")


def _opening(notebook: Any) -> tuple[str, str]:
    """Return a notebook's title and its first words, as plain text."""
    lines = [
        line.strip()
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
    ]
    titles = [line.lstrip("# ") for line in lines if line.startswith("# ")]
    goals = [line[2:].strip(";.") for line in lines if line.startswith("- ")][:3]
    return titles[0] if titles else "", "; ".join(goals).replace("`", "").replace("**", "")


def _index(entries: Iterable[tuple[str, str, str]]) -> str:
    items = "\n".join(
        f'<li><a href="{escape(name)}">{escape(title or name)}</a><br>{escape(goals)}</li>'
        for name, title, goals in entries
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Gradient descent</title>
<style>
body {{ font: 18px/1.5 system-ui, sans-serif; max-width: 42em; margin: 3em auto; padding: 0 1em; }}
ul {{ list-style: none; padding: 0; }}
li {{ margin: 1.2em 0; }}
a {{ font-size: 1.15em; }}
</style>
</head>
<body>
<main>
<h1>Gradient descent</h1>
<p>Pages from notebooks: every slider moves, without Python. Where a picture would have to be
computed anew, its controls are grey; in the notebook itself they work.</p>
<ul>
{items}
</ul>
</main>
</body>
</html>
"""


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            try:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            except BaseException:
                os.unlink(file.name)
                raise
        os.chmod(file.name, 0o644)
        os.replace(file.name, path)
    except OSError as error:
        raise ExportError(f"{path} could not be written: {error}") from None


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
