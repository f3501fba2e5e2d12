"""Benchmarks run where asked for (`pytest tests/benchmarks`), never in a plain `pytest`.

Each sets `benchmark.group` and `benchmark.extra_info["what"]`; the table at the end has a line for
each and compares it with the first of its group. `--growth-plot FILE` draws those about growth.
"""

from collections import defaultdict

import pytest

collect_ignore = ["browser"]  # a program of its own


def pytest_addoption(parser):
    parser.addoption("--growth-plot", metavar="FILE", help="draw the growth measurements there")


def pytest_ignore_collect(config):
    return None if any("benchmarks" in argument for argument in config.args) else True


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter, config):
    benchmarks = getattr(getattr(config, "_benchmarksession", None), "benchmarks", [])
    if not benchmarks:
        return
    groups = defaultdict(list)
    for benchmark in benchmarks:
        groups[benchmark.group].append(benchmark)
    terminalreporter.section("medians, and how often each takes as long as the first of its group")
    for group, benchmarks in groups.items():
        terminalreporter.write_line(group)
        for benchmark in benchmarks:
            median, ratio = benchmark["median"], benchmark["median"] / benchmarks[0]["median"]
            what = benchmark.extra_info["what"]
            terminalreporter.write_line(f"  {what:<28} {1e3 * median:10.2f} ms {ratio:10.2f} x")
    if path := config.getoption("--growth-plot", None):
        _draw({name: groups[name] for name in groups if name.startswith("growth")}, path)
        terminalreporter.write_line(f"drawn: {path}")


def _draw(groups, path):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.2 * len(groups), 3.4), layout="constrained")
    for axes, (group, benchmarks) in zip(
        figure.subplots(1, len(groups), sharey=True, squeeze=False)[0], groups.items(), strict=True
    ):
        lines = defaultdict(list)
        for benchmark in benchmarks:
            model, size = benchmark.extra_info["what"].split()[:2]
            lines[model].append((int(size), 1e3 * benchmark["median"]))
        for model, points in lines.items():
            axes.loglog(*zip(*points, strict=True), "o-", label=model)
        axes.set(title=group, xlabel=benchmarks[0].extra_info["what"].split()[2])
        axes.grid(alpha=0.3)
        axes.legend()
    figure.axes[0].set_ylabel("median time / ms")
    figure.savefig(path)
