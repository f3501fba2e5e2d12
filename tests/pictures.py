"""Makes the pictures of the README's table, one of each notebook: `make pictures` runs it."""

from pathlib import Path

import gdviz as gd
from gdviz.graph import add, matmul, sq, sub, variable

FOLDER = Path(__file__).parents[1] / "notebooks" / "pictures"
DPI = 60


def explorers():
    penguins = gd.datasets.penguins
    line = gd.LinearRegression(penguins().standardized())
    bill = penguins(["bill_length_mm", "bill_depth_mm"], "species")

    first = gd.DescentExplorer(line)
    first.iteration.value = 5
    yield "01", first

    starts = gd.BasinsExplorer(gd.surfaces.bumpy(2), start=[[2.2, 3.0]])
    starts.controls["iteration"].value = 30
    yield "02", starts

    rates = gd.LearningRatesExplorer(gd.surfaces.bowl(1), start=[[-2.0]])
    rates.controls["iteration"].value = 7
    yield "03", rates

    pulls = gd.GradientExplorer(line.subset(range(0, 342, 30)))
    yield "04", pulls

    two = gd.DescentExplorer(
        gd.LogisticRegression(bill.only("Adelie", "Chinstrap").standardized()), iterations=100
    )
    two.iteration.value = 60
    yield "05", two

    three = gd.DescentExplorer(gd.SoftmaxRegression(bill.standardized()), iterations=100)
    three.iteration.value = 60
    yield "06", three

    W, x = variable("W", [[2.0, 1.0]]), variable("x", [1.0, 3.0])
    b, y = variable("b", [1.0]), variable("y", [4.0])
    graph = gd.GraphExplorer(sq(sub(y, add(matmul(W, x), b))))
    graph.controls["step"].value = graph.controls["step"].max
    yield "07", graph

    race = gd.RaceExplorer(gd.surfaces.ravine(100), start=[[-3.4, -0.8]])
    race.iteration.value = 20
    yield "08", race


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for number, explorer in explorers():
        explorer.save(FOLDER / f"{number}.png", dpi=DPI)
