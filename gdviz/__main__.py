"""``python -m gdviz export``: notebooks as web pages."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m gdviz", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="verb")
    export = verbs.add_parser(
        "export",
        help="write notebooks as web pages in which the sliders work without Python",
        description=(
            "Run each notebook and write it as a web page in which sliders, Play and step work "
            "without a kernel, with an index of the pages."
        ),
        epilog="Example: python -m gdviz export notebooks/*.ipynb --to site",
    )
    export.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
    export.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="for the pages")
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
    return 0


if __name__ == "__main__":
    sys.exit(main())
