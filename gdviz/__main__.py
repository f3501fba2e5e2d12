"""``python -m gdviz export``: notebooks as web pages."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

EXAMPLES = """\
examples:
  python -m gdviz export notebooks/*.ipynb --to site
      small pages that load Jupyter's front end from a CDN: put the folder on any web server
  python -m gdviz export notebooks/*.ipynb --to site --offline
      pages with all that they need inside: open site/index.html from a disk or a USB stick
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m gdviz", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="verb")
    export = verbs.add_parser(
        "export",
        help="write notebooks as web pages in which the sliders work without Python",
        description=(
            "Run each notebook and write it as a web page in which sliders, Play and steps work\n"
            "without Python, with an index of the pages. All learning rates and iterations are\n"
            "there, initializations on a few stops. What needs Python is grey and says so."
        ),
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    export.add_argument(
        "notebooks", nargs="+", type=Path, metavar="NOTEBOOK", help="one or more .ipynb"
    )
    export.add_argument(
        "--to",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="for the pages; made if it is not there, and what is there under the same name is "
        "replaced once its successor is whole",
    )
    export.add_argument(
        "--offline",
        action="store_true",
        help="put the front end into each page (6 MB), so that it opens from a disk, by file://",
    )
    export.add_argument(
        "--front-end",
        type=Path,
        metavar="FOLDER",
        help="with --offline: take require.js, embed-amd.js and tex-svg.js from here, not the CDN",
    )
    options = parser.parse_args(arguments)
    if options.front_end is not None and not options.offline:
        parser.error("--front-end is for --offline pages: others load it from the CDN")
    try:
        from gdviz.export import ExportError
        from gdviz.export import export as write
    except ModuleNotFoundError as error:
        parser.exit(1, f"{error}: pip install 'gdviz[lab]'\n")
    try:
        write(options.notebooks, options.to, offline=options.offline, front_end=options.front_end)
    except ExportError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped: the pages named above are whole, others were not written", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
