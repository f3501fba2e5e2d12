import matplotlib.pyplot as plt
from common import W, b, descend, gauge, levels, losses, make_slider
from ipywidgets import interact


def show(learning_rate):
    _, axes = plt.subplots()
    axes.contour(W, b, losses, levels)
    axes.plot(*descend(learning_rate), color="black")
    axes.plot(*gauge(learning_rate), color="#D55E00", linewidth=8)
    axes.set(xlabel="W", ylabel="b")
    plt.show()


interact(show, learning_rate=make_slider())
