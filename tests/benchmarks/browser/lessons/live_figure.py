from common import W, b, gauge, levels, losses, make_slider, rates, start, x, y
from matplotlib.figure import Figure

import gdviz as gd
from gdviz.live import Line, LiveFigure

axes = Figure().subplots()
axes.contour(W, b, losses, levels)
axes.set(xlabel="W", ylabel="b")
descents = gd.gradient_descent(gd.LinearRegression(x, y), [start], rates, iterations=300)
theta = descents.theta[:, :, 0]
over = ["learning_rate"]
tracks = [
    Line(axes, theta[..., 0], theta[..., 1], over, color="black", width=1.5),
    Line(axes, *gauge(rates), over, color="#D55E00", width=8),
]
slider = {"learning_rate": make_slider()}
LiveFigure(axes.figure, tracks, {"learning_rate": rates}, controls=slider)
