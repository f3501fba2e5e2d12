from common import x, y

import gdviz as gd

gd.DescentExplorer(gd.LinearRegression(x, y))
