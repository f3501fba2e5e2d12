"""Notebooks as web pages in which the sliders go on working, with no kernel.

A notebook is run, its figures are made ready for life without a kernel (`LiveFigure.freeze`), and
nbconvert writes the page: the widgets' state is in it, and the front end that shows them is
Jupyter's own, from the usual CDN or, offline, inside the page.
"""

import hashlib
import json
import os
import re
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
from nbconvert.filters import markdown2html

PAGE_BYTES = 4_000_000
"""What a page's data may take: the state of its widgets, as it stands in the page."""
FIGURE_BYTES = 2_500_000
"""What its figures may take of that together, before they are written as text (base64)."""
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
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
summary { cursor: pointer; }
.gdviz-page a:link { color: #0062b8; text-decoration: underline; }
.gdviz-answer > summary, .gdviz-page {
  margin: 4px 0 0 84px;
  font: 14px var(--jp-ui-font-family, sans-serif);
}
body .jp-RenderedMarkdown a:link { text-decoration: underline; }
.jp-RenderedMarkdown details { margin-bottom: 1em; }
body .jp-OutputArea-prompt:empty { padding-right: 12px; } /* as wide as one with a number */
body { /* Jupyter's own colours are too pale to be read by all */
  --jp-cell-prompt-not-active-font-color: #616161;
  --jp-cell-prompt-not-active-opacity: 1;
  --jp-mirror-editor-comment-color: #2f6f6f;
  --jp-mirror-editor-number-color: #007000;
  --jp-mirror-editor-operator-color: #8a00e0;
}
</style>
"""
PAGE = """<p class="gdviz-page"><a href="index.html">All pages</a> · This page was made from a
notebook: its figures move, its code cannot be run here.</p>"""
TEMPLATE = """
{%- extends "lab/index.html.j2" -%}
{%- block html_head_js_requirejs -%}{{ resources.gdviz_head }}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block footer_js -%}{{ resources.gdviz_foot }}{%- endblock -%}
{%- block body_header -%}{{ super() }}{{ resources.gdviz_top }}{%- endblock -%}
{%- block output_group -%}
{%- if cell.metadata.get("jupyter", {}).get("outputs_hidden") -%}
<details class="gdviz-answer"><summary>Show the answer</summary>{{ super() }}</details>
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
        title, goals = _opening(executed)
        page = to / f"{notebook.stem}.html"
        _write(page, _with_links(_convert(executed, title or notebook.stem, head, foot), to, names))
        size, data = page.stat().st_size / 1e6, _data_bytes(executed) / 1e6
        _say(f"[{count}/{len(notebooks)}] {page} ({size:.1f} MB, of which {data:.1f} MB are data)")
        if data > PAGE_BYTES / 1e6:
            _say(f"    its figures hold more than {PAGE_BYTES / 1e6:g} MB: it will load slowly")
        pages.append(page)
        entries.append((page.name, title, goals))
    index = to / "index.html"
    _write(index, _index(entries, foot))
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
    notebook.cells.append(nbformat.v4.new_code_cell(FREEZE.format(max_bytes=FIGURE_BYTES)))
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


def _data_bytes(notebook: Any) -> int:
    """Return what the state of a notebook's widgets takes in its page."""
    return len(json.dumps(notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {})))


def _running(notebook: Any) -> str:
    """Return the first line of the cell that was run last."""
    done = [cell for cell in notebook.cells if cell.get("execution_count")]
    return str(done[-1].source.partition("\n")[0]) if done else ""


def _convert(notebook: Any, title: str, head: str, foot: str) -> str:
    """Return the page of an executed notebook."""
    exporter = HTMLExporter(raw_template=TEMPLATE)
    resources = {
        "metadata": {"name": title},
        "gdviz_head": STYLE + head,
        "gdviz_top": PAGE,
        "gdviz_foot": foot,
    }
    page, _ = exporter.from_notebook_node(notebook, resources)
    return str(page)


def _with_links(page: str, to: Path, names: Iterable[str]) -> str:
    """Lead links to notebooks to their pages; where there is none, only the words are left."""

    def link(match: re.Match[str]) -> str:
        place, words = match.groups()
        target = f"{place}.html"
        if place in names or (to / target).exists():
            return f'<a href="{target}">{words}</a>'
        return f'<span title="{escape(place)}.ipynb, beside the notebook">{words}</span>'

    return re.sub(r'<a href="([^":]+)\.ipynb">(.*?)</a>', link, page)


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
    """Return a notebook's title, and what it says one will learn: its first list, as HTML."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    title = re.search(r"^# (.+)", text, re.MULTILINE)
    goals = re.search(r"^- .+(\n(- |  ).+)*", text, re.MULTILINE)
    return title[1].strip() if title else "", markdown2html(goals[0]) if goals else ""


def _index(entries: Iterable[tuple[str, str, str]], foot: str) -> str:
    items = "\n".join(
        f'<h2><a href="{escape(name)}">{escape(title or name)}</a></h2>\n{goals}'
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
h2 {{ font-size: 1.15em; font-weight: normal; margin: 1.2em 0 0; }}
ul {{ margin: 0.2em 0; }}
</style>
</head>
<body>
<main>
<h1>Gradient descent</h1>
<p>Pages from notebooks: sliders, Play and steps work without Python. What would have to be
computed anew is grey; in the notebook itself it works.</p>
{items}
</main>
{foot}
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
