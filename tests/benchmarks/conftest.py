"""Benchmarks run where asked for (`pytest tests/benchmarks`), never in a plain `pytest`."""

from collections import defaultdict

import pytest


def pytest_addoption(parser):
    parser.addoption("--growth-plot", metavar="PNG", help="draw the growth measurements there")


def pytest_ignore_collect(config):
    return None if any("benchmarks" in argument for argument in config.args) else True


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter, config):
    """Print one table: each contender's median, and how it compares with gdviz."""
    groups = defaultdict(list)
    for benchmark in config._benchmarksession.benchmarks:
        groups[benchmark.group].append(benchmark)
    growth = {name: group for name, group in groups.items() if name.startswith("growth")}
    terminalreporter.section("medians")
    for name, benchmarks in groups.items():
        terminalreporter.write_line(name)
        reference = next((b for b in benchmarks if "gdviz" in b.params.values()), benchmarks[0])
        for benchmark in benchmarks:
            what = benchmark.name.split("[")[1].split("-")[0]
            median, ratio = benchmark["median"], benchmark["median"] / reference["median"]
            terminalreporter.write_line(f"  {what:<28} {median * 1e3:10.2f} ms {ratio:10.2f} x")
    if growth and (path := config.getoption("--growth-plot", None)):
        _draw(growth, path)
        terminalreporter.write_line(f"growth drawn to {path}")


def _draw(growth, path):
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(growth), figsize=(4 * len(growth), 3.5), sharey=True)
    for ax, (name, benchmarks) in zip(axes.flat, growth.items(), strict=True):
        lines = defaultdict(list)
        for benchmark in benchmarks:
            model, size = benchmark.params["model"], benchmark.params["size"]
            lines[model].append((size, benchmark["median"] * 1e3))
        for model, points in lines.items():
            ax.loglog(*zip(*points, strict=True), "o-", label=model)
        ax.set(xlabel=name.removeprefix("growth with "), title=name)
        ax.grid(alpha=0.3)
    axes.flat[0].set_ylabel("median time of one batch of descents / ms")
    axes.flat[0].legend()
    figure.tight_layout()
    figure.savefig(path, dpi=150)
