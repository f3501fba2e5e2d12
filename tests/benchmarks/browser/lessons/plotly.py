import numpy as np
import plotly.graph_objects as go
from common import W, b, descend, gauge, losses, make_slider
from ipywidgets import VBox

slider = make_slider()
path, bar = descend(slider.value), gauge(slider.value)
figure = go.FigureWidget(
    [
        go.Contour(
            x=W, y=b, z=np.log(losses), contours_coloring="lines", ncontours=14, showscale=False
        ),
        go.Scatter(x=path[0], y=path[1], mode="lines", line_color="black"),
        go.Scatter(x=bar[0], y=bar[1], mode="lines", line={"color": "#D55E00", "width": 11}),
    ],
    layout={
        **{"width": 640, "height": 480, "showlegend": False},
        "xaxis": {"title": "W", "range": [W[0], W[-1]]},
        "yaxis": {"title": "b", "range": [b[0], b[-1]]},
    },
)


def update(change):
    with figure.batch_update():
        figure.data[1].x, figure.data[1].y = descend(change.new)
        figure.data[2].x, figure.data[2].y = gauge(change.new)


slider.observe(update, "value")
VBox([figure, slider])
