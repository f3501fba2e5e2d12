from bqplot import Axis, Figure, LinearScale, Lines
from common import W, b, descend, gauge, levels, losses, make_slider
from contourpy import contour_generator
from ipywidgets import VBox

scales = {
    "x": LinearScale(min=W[0], max=W[-1]),
    "y": LinearScale(min=b[0], max=b[-1]),
}
slider = make_slider()
contours = [
    Lines(x=line[:, 0], y=line[:, 1], scales=scales, colors=["teal"], stroke_width=1.5)
    for level in levels
    for line in contour_generator(W, b, losses).lines(level)
]
path = Lines(scales=scales, colors=["black"])
bar = Lines(scales=scales, colors=["#D55E00"], stroke_width=11)
figure = Figure(
    marks=[*contours, path, bar],
    axes=[
        Axis(scale=scales["x"], label="W", grid_lines="none"),
        Axis(scale=scales["y"], label="b", grid_lines="none", orientation="vertical"),
    ],
    layout={"width": "640px", "height": "480px"},
)


def update(_):
    for line, points in ((path, descend(slider.value)), (bar, gauge(slider.value))):
        with line.hold_sync():
            line.x, line.y = points


update(None)
slider.observe(update, "value")
VBox([figure, slider])
