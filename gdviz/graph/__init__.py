"""Computation graphs: an expression's value forward, its gradients backward, one node at a time.

Write the expression as the lecture does, of named variables and operations::

    >>> from gdviz.graph import add, gradients, matmul, sq, sub, variable
    >>> W, x = variable("W", [[2.0, 1.0]]), variable("x", [1.0, 3.0])
    >>> b, y = variable("b", 1.0), variable("y", 4.0)
    >>> loss = sq(sub(y, add(matmul(W, x), b)))
    >>> print(loss)
    sq(sub(y, add(matmul(W, x), b)))
    >>> loss.value
    array([4.])
    >>> gradients(loss)["W"]
    array([[ 4., 12.]])

Every operation is one row of the table in `operations`. `steps` lists the passes as they are
worked out by hand: each operation's value, then along each edge of the graph the local derivative
times what comes from above.

A gradient has the shape of its variable: entry i says how the loss changes with entry i. The
lecture's Jacobian (numerator layout) is the transpose, ``gradients(loss)["theta"].mT`` is what
``task.jacobian(theta)`` gives, and the step of descent reads ``W - learning_rate * gradient``.

Source: the lecture's slides "Gradients: Computation Graphs".
"""

from gdviz.graph.check import DerivativeReport, check_derivative
from gdviz.graph.expression import (
    Derivative,
    Expression,
    Operation,
    as_expression,
    brief,
    entrywise,
    variable,
)
from gdviz.graph.operations import (
    OPERATIONS,
    add,
    div,
    exp,
    log,
    log_sigmoid,
    logsumexp,
    matmul,
    mean,
    mul,
    neg,
    pick,
    sigmoid,
    softmax,
    sq,
    sub,
    transpose,
)

# Not in __all__: a star import would replace Python's own.
from gdviz.graph.operations import sum as sum
from gdviz.graph.steps import Backward, Forward, gradients, steps

__all__ = [
    "OPERATIONS",
    "Backward",
    "Derivative",
    "DerivativeReport",
    "Expression",
    "Forward",
    "Operation",
    "add",
    "as_expression",
    "brief",
    "check_derivative",
    "div",
    "entrywise",
    "exp",
    "gradients",
    "log",
    "log_sigmoid",
    "logsumexp",
    "matmul",
    "mean",
    "mul",
    "neg",
    "pick",
    "sigmoid",
    "softmax",
    "sq",
    "steps",
    "sub",
    "transpose",
    "variable",
]
