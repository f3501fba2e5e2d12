"""Expressions: what operations make of named variables, and the values on the way."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gdviz.arguments import as_floats, as_whole, check_size, shown
from gdviz.task import Array

LONGEST = 2_000
"""Characters of an expression's text: one that uses a shared part twice doubles with each use."""

BROADCAST = "give both the same shape, or length 1 along an axis where one is to be repeated"


def quiet() -> np.errstate:
    """Silence NumPy where a value leaves float64's range: `Expression.overflow` says where."""
    return np.errstate(all="ignore")


@dataclass(frozen=True)
class Derivative:
    """How an operation's result moves with one of its operands.

    Attributes
    ----------
    formula : str
        For the reader, in the operation's operands: "2u".
    pass_on : function of (above, *operands)
        What comes from above, the gradient with respect to the result, times the local derivative.
    local : function of operands, optional
        The local derivative itself, where it works entry by entry.
    """

    formula: str
    pass_on: Callable[..., Any]
    local: Callable[..., Any] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.formula, str):
            raise ValueError(f"formula must be text for the reader, got {shown(self.formula)}")
        for name, function in (("pass_on", self.pass_on), ("local", self.local)):
            if not callable(function) and (name, function) != ("local", None):
                raise ValueError(f"{name} must be a function, got {shown(function)}")


def entrywise(formula: str, local: Callable[..., Any]) -> Derivative:
    """Return the derivative of an operation that works on each entry by itself."""
    if not callable(local):
        raise ValueError(f"local must be a function of the operands, got {shown(local)}")
    return Derivative(formula, lambda above, *operands: above * local(*operands), local)


@dataclass(frozen=True, eq=False, repr=False)
class Operation:
    """One row of the table: what it computes, and its derivative for each operand.

    Call it to make an expression. Make one to add a row of your own.

    Attributes
    ----------
    name : str
    forward : function of the operands' arrays
        Raises ValueError where they do not fit it.
    derivatives : tuple of Derivative or None, one per operand
        None where the result does not change gradually, as with the labels of `pick`.
    operands : str
        The operands' names in the formulas, one letter each.

    Examples
    --------
    >>> cube = Operation("cube", lambda u: u**3, (entrywise("3u²", lambda u: 3 * u**2),))
    >>> cube
    cube(u):  d/du = 3u²
    >>> print(cube(variable("x", 2.0)))
    cube(x)
    """

    name: str
    forward: Callable[..., Any]
    derivatives: tuple[Derivative | None, ...]
    operands: str = "uv"

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ValueError(f"name must be text, got {shown(self.name)}")
        if not callable(self.forward):
            raise ValueError(f"forward must be a function, got {shown(self.forward)}")
        rules = self.derivatives
        if not isinstance(rules, tuple) or not all(isinstance(r, Derivative | None) for r in rules):
            raise ValueError(
                "derivatives must be a tuple of one derivative per operand, such as "
                f'(entrywise("2u", lambda u: 2 * u),), got {shown(rules)}: is a comma missing?'
            )
        letters = self.operands
        if not isinstance(letters, str) or not 0 < len(rules) <= len(letters):
            raise ValueError(
                f"operands must be a letter for each of the derivatives, one at least, got "
                f"{shown(letters)} for {len(rules)}"
            )

    def __repr__(self) -> str:
        names = self.operands[: len(self.derivatives)]
        rules = [
            f"d/d{name} = {rule.formula}" if rule.local else f"passes on to {name}: {rule.formula}"
            for name, rule in zip(names, self.derivatives)
            if rule
        ]
        return f"{self.name}({', '.join(names)}):  {',  '.join(rules)}"

    def __call__(self, *operands: "Expression | ArrayLike") -> "Expression":
        """Return the expression of this operation on ``operands``; numbers become constants."""
        if len(operands) != (expected := len(self.derivatives)):
            raise ValueError(
                f"{self.name} takes {expected} operand{'s' if expected > 1 else ''}, got "
                f"{len(operands)}"
            )
        nodes = tuple(
            operand if isinstance(operand, Expression) else _constant(self.name, operand)
            for operand in operands
        )
        try:
            if all(rule is None or rule.local for rule in self.derivatives):  # entry by entry
                shape = np.broadcast_shapes(*(node.value.shape for node in nodes))
                check_size("the result", shape, "take smaller arrays")
            with quiet():
                value = self.forward(*(node.value for node in nodes))
        except ValueError as error:
            shapes = " and ".join(str(node.value.shape) for node in nodes)
            reason = BROADCAST if "broadcast" in str(error) else str(error)
            raise ValueError(
                f"{self.name}({', '.join(node.head for node in nodes)}) cannot be computed from "
                f"shape{'s' if len(nodes) > 1 else ''} {shapes}: {reason}"
            ) from None
        return Expression(self.name, _frozen(f"the result of {self.name}", value), self, nodes)


@dataclass(frozen=True, eq=False, repr=False)
class Expression:
    """A node of a computation graph: a variable, a constant, or an operation on other nodes.

    Attributes
    ----------
    name : str
        The variable's or the operation's; of a constant, the number.
    value : ndarray
    operation : Operation, optional
        None for a leaf: a variable or a constant.
    operands : tuple of Expression
    is_constant : bool
        A number written into the expression, with respect to which nobody asks for a gradient.
    """

    name: str
    value: Array
    operation: Operation | None = None
    operands: tuple["Expression", ...] = ()
    is_constant: bool = False

    def __str__(self) -> str:
        texts: dict[Expression, str] = {}
        for node in self.nodes:
            text = ", ".join(texts[operand] for operand in node.operands)
            whole = f"{node.name}({text})" if node.operation else node.name
            texts[node] = whole if len(whole) <= LONGEST else node.head
        return texts[self]

    def __repr__(self) -> str:
        return f"{self} = {brief(self.value)}"

    @property
    def head(self) -> str:
        """The expression in short: a leaf's name, an operation without what is inside it."""
        return f"{self.name}(...)" if self.operation else self.name

    @property
    def call(self) -> str:
        """The operation on its operands in short: ``sub(y, add(...))``."""
        if self.operation is None:
            return self.name
        return f"{self.name}({', '.join(operand.head for operand in self.operands)})"

    @property
    def nodes(self) -> tuple["Expression", ...]:
        """All nodes in an order in which they can be computed; this one is the last."""
        order: dict[Expression, None] = {}
        stack = [(self, False)]
        while stack:
            node, is_ready = stack.pop()
            if is_ready:
                order[node] = None
            elif node not in order:
                stack.append((node, True))
                stack += [(operand, False) for operand in reversed(node.operands)]
        return tuple(order)

    @property
    def is_finite(self) -> bool:
        """Whether every entry of the value is a number."""
        return bool(np.isfinite(self.value).all())

    @property
    def overflowed(self) -> bool:
        """Whether the value left float64's range at this node, and not before it."""
        return not self.is_finite and all(operand.is_finite for operand in self.operands)

    @property
    def overflow(self) -> str:
        """Where the value first left float64's range, and of what; empty where all is finite."""
        return next((node.own_overflow for node in self.nodes if node.overflowed), "")

    @property
    def own_overflow(self) -> str:
        """What this node, whose value is not finite, was given."""
        given = ", ".join(
            f"{name} = {brief(operand.value)}" for name, operand in zip(self.letters, self.operands)
        )
        return f"overflow at {self.call}: {given} gives {brief(self.value)}"

    @property
    def letters(self) -> str:
        """The letters that stand for the operands in the operation's formulas."""
        return self.operation.operands[: len(self.operands)] if self.operation else ""


def variable(name: str, value: ArrayLike) -> Expression:
    """Return a leaf of a computation graph: a named number, vector or matrix.

    Use it as often as you like in one expression: it is one node, and its gradients add up.

    Parameters
    ----------
    name : str
        Under which it is printed, and found among the `gradients`.
    value : array_like of at most two axes
        Finite numbers.

    Raises
    ------
    ValueError
        If the name is no text, or the value is not made of finite numbers.
    """
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f'a variable needs a name first: variable("x", 2.0), got {shown(name)}')
    return Expression(name, _as_value(name, value))


def as_expression(name: str, value: object) -> Expression:
    """Return ``value``, or say which argument is no expression."""
    if not isinstance(value, Expression):
        raise ValueError(
            f'{name} must be an expression such as sq(variable("x", 2.0)), got {shown(value)}'
        )
    return value


def brief(array: ArrayLike, most: int = 3) -> str:
    """Return a few numbers of an array, to read: ``8``, ``[1, 2]``, ``[0.5, -1, 3, ...] (2, 9)``.

    Four digits each; the shape where something is left out or there are rows.
    """
    values, most = as_floats("array", array), as_whole("most", most, least=1)
    numbers = ", ".join(f"{value + 0.0:.4g}" for value in values.ravel()[:most])
    if values.size == 1:
        return numbers
    dots = ", ..." if values.size > most else ""
    shape = f" {values.shape}" if dots or values.ndim > 1 else ""
    return f"[{numbers}{dots}]{shape}"


def _constant(operation: str, value: ArrayLike) -> Expression:
    array = _as_value(f"an operand of {operation}", value)
    return Expression(brief(array), array, is_constant=True)


def _as_value(name: str, value: ArrayLike) -> Array:
    if value is None or isinstance(value, str):
        raise ValueError(f"{name} must be a number, an array or an expression, got {shown(value)}")
    array = as_floats(name, value)
    if array.ndim > 2 or array.size == 0:
        raise ValueError(
            f"{name} has shape {array.shape}: a graph is made of numbers, vectors and matrices"
        )
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got {brief(array)}")
    return _frozen(name, array)


def _frozen(name: str, value: ArrayLike) -> Array:
    """Return a copy that nobody can change: the values downstream would not follow."""
    array = as_floats(name, value)
    array.flags.writeable = False
    return array
