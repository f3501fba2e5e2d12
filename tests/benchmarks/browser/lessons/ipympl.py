import matplotlib.pyplot as plt
from common import W, b, descend, gauge, levels, losses, make_slider
from ipywidgets import VBox

slider = make_slider()
with plt.ioff():
    figure, axes = plt.subplots()
axes.contour(W, b, losses, levels)
[path] = axes.plot(*descend(slider.value), color="black")
[bar] = axes.plot(*gauge(slider.value), color="#D55E00", linewidth=8)
axes.set(xlabel="W", ylabel="b")


def update(change):
    path.set_data(*descend(change.new))
    bar.set_data(*gauge(change.new))
    figure.canvas.draw_idle()


slider.observe(update, "value")
VBox([figure.canvas, slider])
