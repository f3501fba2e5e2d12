import numpy as np
from common import W, b, levels, make_slider, rates, x, y
from ipywidgets import Dropdown, FloatSlider, VBox
from matplotlib.figure import Figure

import gdviz as gd
from gdviz.live import Line, LiveFigure

axes = Figure().subplots()
data = Dropdown(options={"all": slice(None), "every fourth": slice(None, None, 4)})
first = FloatSlider(value=-1.5, min=-3, max=5, description="first W")
start = np.array([[first.value, 2.0]])


def paint():
    axes.clear()
    axes.contour(W, b, landscape(data.value), levels)
    axes.set(xlabel="W", ylabel="b")


def landscape(chosen):
    return np.mean((W[:, None] * x[chosen] + b[:, None, None] - y[chosen]) ** 2, axis=-1)


def tracks(learning_rates):
    task = gd.LinearRegression(x[data.value], y[data.value])
    theta = gd.gradient_descent(task, start, learning_rates, iterations=300).theta[:, :, 0]
    over = ["learning_rate"]
    return [Line(axes, theta[..., 0], theta[..., 1], over, color="black", width=1.5)]


def show(**painted):
    live.update(tracks([slider.value]), only_here=["learning_rate"], **painted)
    live.update(tracks(rates))


def begin_at(*theta):
    start[:] = theta
    show()


def choose(_):
    paint()
    show(repaint=[axes])


paint()
slider = make_slider()
dimensions, controls = {"learning_rate": rates}, {"learning_rate": slider}
live = LiveFigure(axes.figure, tracks(rates), dimensions, controls=controls)
live.on_click(axes, begin_at)
first.observe(lambda change: begin_at(change.new, start[0, 1]), "value")
data.observe(choose, "value")
VBox([live, first, data])
