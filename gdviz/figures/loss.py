"""Loss against iteration."""

from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from gdviz.arguments import as_whole, check_kinds
from gdviz.figures.powers import write_powers
from gdviz.figures.style import label


def draw_loss(axes: Axes, iterations: int) -> None:
    """Draw empty axes for losses, on a logarithmic scale.

    Iterations are linear up to 10 and logarithmic beyond, so that a descent that needs a dozen
    steps and one that needs hundreds can both be read.
    """
    check_kinds(axes=(axes, Axes))
    iterations = as_whole("iterations", iterations, least=1)
    axes.set_yscale("log")
    write_powers(axes.yaxis)
    axes.set_xscale("symlog", linthresh=10, linscale=1.2)
    ticks = [0, 5, *(10**k for k in range(1, 7) if 10**k < iterations / 2), iterations]
    # A power of ten that is near the last iteration has a line, but no room for its number.
    bare = [tick >= 10 and iterations / 4 < tick < iterations for tick in ticks]
    axes.set_xticks(ticks, ["" if skip else str(tick) for tick, skip in zip(ticks, bare)])
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())
    axes.set_xlim(-0.5, 1.2 * iterations)  # room for the marker at either end
    axes.grid(color="0.9")
    label(axes, x="iteration", y="", title="Loss curve")
