"""The table of operations: one row each, with its derivative for each operand.

u and v stand for the operands. Most derivatives work entry by entry: a number each, times what
comes from above. A matrix product, a transpose and a softmax mix their entries: they say what
becomes of what comes from above.

Columns are samples. `softmax`, `logsumexp` and `pick` work down the first axis, the classes.
"""

import numpy as np

from gdviz.arguments import check_size
from gdviz.graph.expression import Derivative, Operation, entrywise
from gdviz.task import Array

# --- what the rows are made of ------------------------------------------------------------------


def _sigmoid(u: Array) -> Array:
    return np.asarray(np.exp(_log_sigmoid(u)))


def _log_sigmoid(u: Array) -> Array:
    """Return log σ(u) = -log(1 + exp(-u)), which overflows for no u."""
    return np.asarray(-np.logaddexp(0, -u))


def _logsumexp(u: Array) -> Array:
    """Return log Σ exp(u): the largest u is taken out first, so that no exp overflows."""
    largest = _classes(u).max(axis=0)
    return np.asarray(largest + np.log(np.exp(u - largest).sum(axis=0)))


def _softmax(u: Array) -> Array:
    exp_u = np.exp(u - _classes(u).max(axis=0))
    return np.asarray(exp_u / exp_u.sum(axis=0))


def _softmax_pass_on(above: Array, u: Array) -> Array:
    """Return Σ_i above_i d softmax_i/du_j, where that derivative is s_i ([i = j] - s_j)."""
    s = _softmax(u)
    return np.asarray(s * (above - np.sum(s * above, axis=0)))


def _classes(u: Array) -> Array:
    if u.ndim == 0:
        raise ValueError(
            "it works down the classes: give a vector, or a matrix with samples as columns"
        )
    return u


def _one_hot(u: Array, v: Array) -> Array:
    """Return 1 in row v of each column of u, else 0."""
    labels = v.astype(int)
    if v.shape != _classes(u).shape[1:]:
        raise ValueError("there must be one label for each column")
    if (labels != v).any() or labels.min() < 0 or labels.max() >= len(u):
        raise ValueError(f"labels must be whole numbers from 0 to {len(u) - 1}")
    rows = np.arange(len(u)).reshape(-1, *(1,) * v.ndim)
    return np.where(rows == labels, 1.0, 0.0)


def _pick(u: Array, v: Array) -> Array:
    return np.asarray(np.where(_one_hot(u, v) == 1, u, 0.0).sum(axis=0))


def _matmul(u: Array, v: Array) -> Array:
    if u.ndim == 0 or v.ndim == 0:
        raise ValueError("it multiplies vectors and matrices: for numbers there is mul")
    if u.shape[-1] != v.shape[0]:
        raise ValueError(
            f"a row of the first has {u.shape[-1]} entries, a column of the second has {v.shape[0]}"
        )
    check_size("the result", u.shape[:-1] + v.shape[1:], "take smaller arrays")
    return np.asarray(u @ v)


def _as_matrices(above: Array, u: Array, v: Array) -> tuple[Array, Array, Array]:
    """Return u as a matrix (a vector is a row), v as a matrix (a column), above to fit them."""
    u, v = np.atleast_2d(u), v.reshape(len(v), -1)
    return above.reshape(len(u), v.shape[1]), u, v


def _matmul_to_u(above: Array, u: Array, v: Array) -> Array:
    above, _, columns = _as_matrices(above, u, v)
    return np.asarray(above @ columns.mT).reshape(u.shape)


def _matmul_to_v(above: Array, u: Array, v: Array) -> Array:
    above, rows, _ = _as_matrices(above, u, v)
    return np.asarray(rows.mT @ above).reshape(v.shape)


# --- the table ----------------------------------------------------------------------------------

neg = Operation("neg", lambda u: -u, (entrywise("-1", lambda u: -np.ones(())),))
add = Operation(
    "add",
    lambda u, v: u + v,
    (
        entrywise("1", lambda u, v: np.ones(())),
        entrywise("1", lambda u, v: np.ones(())),
    ),
)
sub = Operation(
    "sub",
    lambda u, v: u - v,
    (
        entrywise("1", lambda u, v: np.ones(())),
        entrywise("-1", lambda u, v: -np.ones(())),
    ),
)
mul = Operation(
    "mul",
    lambda u, v: u * v,
    (
        entrywise("v", lambda u, v: v),
        entrywise("u", lambda u, v: u),
    ),
)
div = Operation(
    "div",
    lambda u, v: u / v,
    (
        entrywise("1/v", lambda u, v: 1 / v),
        entrywise("-u/v²", lambda u, v: -u / v**2),
    ),
)
matmul = Operation(
    "matmul",
    _matmul,
    (
        Derivative("above @ vᵀ", _matmul_to_u),
        Derivative("uᵀ @ above", _matmul_to_v),
    ),
)
transpose = Operation(
    "transpose",
    lambda u: u.T,
    (Derivative("aboveᵀ", lambda above, u: above.T),),
)

sq = Operation("sq", lambda u: u**2, (entrywise("2u", lambda u: 2 * u),))
exp = Operation("exp", np.exp, (entrywise("exp(u)", np.exp),))
log = Operation("log", np.log, (entrywise("1/u", lambda u: 1 / u),))
sigmoid = Operation(
    "sigmoid",
    _sigmoid,
    # 1 - σ(u), written as σ(-u), does not lose its digits where σ(u) is nearly 1.
    (entrywise("σ(u) (1 - σ(u))", lambda u: _sigmoid(u) * _sigmoid(-u)),),
)
log_sigmoid = Operation(
    "log_sigmoid", _log_sigmoid, (entrywise("1 - σ(u)", lambda u: _sigmoid(-u)),)
)

softmax = Operation(
    "softmax",
    _softmax,
    (Derivative("s (above - Σ s above), s = softmax(u)", _softmax_pass_on),),
)
logsumexp = Operation("logsumexp", _logsumexp, (entrywise("softmax(u)", _softmax),))
pick = Operation("pick", _pick, (entrywise("1 in row v, else 0", _one_hot), None))

sum = Operation("sum", np.sum, (entrywise("1", np.ones_like),))
mean = Operation("mean", np.mean, (entrywise("1/n", lambda u: np.full(u.shape, 1 / u.size)),))

OPERATIONS = (
    *(neg, add, sub, mul, div, matmul, transpose),
    *(sq, exp, log, sigmoid, log_sigmoid),
    *(softmax, logsumexp, pick, sum, mean),
)
"""All rows."""
