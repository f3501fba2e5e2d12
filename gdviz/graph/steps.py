"""The two passes over a graph: values forward, gradients backward, one step at a time."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from gdviz.graph.expression import Expression, as_expression, brief, quiet
from gdviz.task import Array

FEW = 2
"""Numbers of an array in a sentence that has two of them."""


@dataclass(frozen=True, eq=False)
class Forward:
    """One operation is computed.

    Attributes
    ----------
    node : Expression
        Its value is known from now on.
    """

    node: Expression

    def __str__(self) -> str:
        return "; ".join(self.sentences)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The step in words: what is computed; where it leaves float64's range, of what."""
        computed = f"{self.node.call} = {brief(self.node.value)}"
        return (computed, self.node.own_overflow) if self.node.overflowed else (computed,)


@dataclass(frozen=True, eq=False)
class Backward:
    """One edge is followed back: the local derivative times what comes from above.

    The first of these steps follows no edge: how the loss changes with itself.

    Attributes
    ----------
    node : Expression
        Where the gradient arrives.
    gradient : ndarray of the shape of ``node.value``
        The node's gradient from now on: the sum of all that has arrived.
    parent : Expression, optional
        Where it comes from.
    operand : int
        Which of the parent's operands the node is here, counted from 0.
    above : ndarray, optional
        The parent's gradient.
    local : ndarray, optional
        The local derivative, of the operations that work entry by entry.
    arrives : ndarray of the shape of ``node.value``
        What comes along this edge.
    adds : bool
        Whether something had arrived at the node before.
    """

    node: Expression
    gradient: Array
    parent: Expression | None = None
    operand: int = 0
    above: Array | None = None
    local: Array | None = None
    arrives: Array | None = None
    adds: bool = False

    def __str__(self) -> str:
        return "; ".join(self.sentences)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The step in words: the local derivative, what comes from above, what it adds to."""
        if self.parent is None or self.parent.operation is None:
            return ("d loss/d loss = 1",)
        operation, operand = self.parent.operation, self.parent.letters[self.operand]
        rule = operation.derivatives[self.operand]
        if rule is None or self.above is None or self.arrives is None:
            raise ValueError(f"{operation.name} passes nothing on to its operand {operand}")
        call = f"{operation.name}({', '.join(self.parent.letters)})"
        above, arrives = brief(self.above, FEW), brief(self.arrives, FEW)
        if self.local is None:
            found = f"{call} passes on to {operand}: {rule.formula}"
            times = f"with {above} from above: {arrives} for {self.node.head}"
        else:
            number = brief(self.local, FEW)
            known = "" if rule.formula == number else f" = {number}"
            found = f"d {call}/d{operand} = {rule.formula}{known}"
            times = f"times {above} from above: {arrives} for {self.node.head}"
        if not self.adds:
            return found, times
        return found, times, f"added to what was there: {brief(self.gradient, FEW)}"


def steps(loss: Expression) -> tuple[Forward | Backward, ...]:
    """Return all steps in order: each operation forward, then each edge backward.

    Parameters
    ----------
    loss : Expression
        Its value must be one number (of shape ``()``, ``(1,)`` or ``(1, 1)``).

    Raises
    ------
    ValueError
        If it is more than one number, or two variables in it have the same name.

    Examples
    --------
    >>> from gdviz.graph import sq, variable
    >>> for step in steps(sq(sq(variable("x", 2.0)))):
    ...     print(step)
    sq(x) = 4
    sq(sq(...)) = 16
    d loss/d loss = 1
    d sq(u)/du = 2u = 8; times 1 from above: 8 for sq(...)
    d sq(u)/du = 2u = 4; times 8 from above: 32 for x
    """
    _check(loss)
    forward = [Forward(node) for node in loss.nodes if node.operation]
    return (*forward, *_backward(loss))


def gradients(loss: Expression) -> dict[str, Array]:
    """Return how ``loss`` changes with each of its variables, by name, in the variable's shape.

    Labels, which nothing changes gradually, have none.

    Raises
    ------
    ValueError
        If the loss is more than one number, or two variables in it have the same name.

    Examples
    --------
    >>> from gdviz.graph import mul, variable
    >>> x = variable("x", 3.0)
    >>> gradients(mul(x, x))
    {'x': array(6.)}
    """
    _check(loss)
    found = {step.node: step.gradient for step in _backward(loss)}
    return {node.name: found[node] for node in loss.nodes if not node.operation and node in found}


def _check(loss: Expression) -> None:
    as_expression("loss", loss)
    if loss.value.size != 1:
        raise ValueError(
            f"{loss} has shape {loss.value.shape}: the gradient is that of one number, take its "
            "mean or sum first"
        )
    names = [node.name for node in loss.nodes if not node.operation and not node.is_constant]
    for name, count in Counter(names).items():
        if count > 1:
            raise ValueError(
                f"{count} variables are called {name}: make it once and use it as "
                "often as you like, or give them different names"
            )


def _backward(loss: Expression) -> list[Backward]:
    """Return the backward steps: from the loss on, every node after all that it goes into."""
    one = np.ones(loss.value.shape)
    gradient = {loss: one}
    result = [Backward(loss, one)]
    for parent in reversed(loss.nodes):
        if parent.operation is None or parent not in gradient:
            continue
        above = gradient[parent]
        values = [operand.value for operand in parent.operands]
        for k, (node, rule) in enumerate(zip(parent.operands, parent.operation.derivatives)):
            if rule is None or node.is_constant:
                continue
            with quiet():
                local = None if rule.local is None else np.asarray(rule.local(*values))
                passed = rule.pass_on(above, *values)
                arrives = _summed_to(np.asarray(passed), node.value.shape)
                adds = node in gradient
                gradient[node] = np.asarray(gradient[node] + arrives) if adds else arrives
            result.append(Backward(node, gradient[node], parent, k, above, local, arrives, adds))
    return result


def _summed_to(array: Array, shape: tuple[int, ...]) -> Array:
    """Return ``array`` added up along the axes along which NumPy had repeated the operand.

    One entry that went into many results answers for all of them.
    """
    extra = array.ndim - len(shape)
    axes = tuple(axis for axis in range(array.ndim) if axis < extra or shape[axis - extra] == 1)
    return np.asarray(array.sum(axis=axes).reshape(shape))
