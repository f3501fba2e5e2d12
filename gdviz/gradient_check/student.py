"""What a student's function may take and return, and what can be said of one that fails."""

import inspect
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gdviz.gradient_check.report import Finding
from gdviz.task import Array, DataTask, Task

PRECISE, COARSE = 1e-6, 1e-3
"""Relative difference that an entry may have in float64, and in float32 or float16."""

LECTURE = ("W", "b", "x", "y")

BLANK = "there is still a ... where a formula belongs"


class Answer(NamedTuple):
    """What the function returned, in θ's layout.

    Attributes
    ----------
    readings : dict of str to ndarray
        One for each layout that the shape fits, the likeliest first.
    tolerance : float
        How far an entry may be off, given the precision of the numbers.
    """

    readings: dict[str, Array]
    tolerance: float


def arguments_for(
    function: Callable[..., Any], task: Task
) -> Callable[[Array], dict[str, NDArray[Any]]]:
    """Return what makes the function's arguments for a θ: fresh copies, by the function's names.

    Raises
    ------
    Finding
        If the function takes neither (theta) nor (W, b, x, y).
    """
    wanted = "(theta), or (W, b, x, y)" if isinstance(task, DataTask) else "(theta)"
    rewrite = f"The function is called as {wanted}: write it with these parameters, no others."
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        raise Finding("the function does not tell its parameters", rewrite) from None
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        raise Finding("the parameters are hidden in *args", rewrite)
    required = [
        parameter
        for parameter in parameters
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
    ]
    names = [parameter.name for parameter in required]
    if len(names) not in (1, 4) or any(p.kind is p.KEYWORD_ONLY for p in required):
        raise Finding(f"the parameters are ({', '.join(names)})", rewrite)
    if len(names) == 1:
        return lambda theta: {names[0]: theta.copy()}
    if not isinstance(task, DataTask):
        raise Finding(
            f"the parameters are ({', '.join(names)}), but this task has no data", rewrite
        )

    # By name where all four are the lecture's, else by position, if no known name contradicts it.
    known = [name.lower() for name in LECTURE]
    given = [name.lower() for name in names]
    if sorted(given) != sorted(known):
        if any(name in known and name != known[k] for k, name in enumerate(given)):
            raise Finding(f"the order of the parameters ({', '.join(names)}) is unclear", rewrite)
        given = known

    def arguments(theta: Array) -> dict[str, NDArray[Any]]:
        values = {
            "w": theta[:, :-1].copy(),
            "b": theta[:, -1].copy(),
            "x": task.dataset.X.copy(),
            "y": task.dataset.y.copy(),
        }
        return {name: values[meaning] for name, meaning in zip(names, given)}

    return arguments


def read_answer(returned: Any, task: Task) -> Answer:
    """Return what was returned in θ's layout, in all the ways that its shape allows.

    Raises
    ------
    Finding
        If it isn't made of numbers, or no layout fits.
    """
    if returned is None:
        raise Finding(
            "nothing is returned", "Does the function end with `return` and its result behind it?"
        )
    if _holds_dots(returned):
        raise Finding(
            BLANK,
            "Put your formula in the place of the three dots and run the cell again.",
        )
    parts = _two_parts(returned) if isinstance(task, DataTask) else None
    whole = _as_numbers(returned)
    if parts is None and whole is None:
        raise Finding(
            f"what is returned is no array of numbers but {kind_of(returned)}",
            "Print what the function returns, and its type.",
        )
    readings = [] if parts is None else _read_parts(*parts, task.shape)
    if whole is not None:
        readings = [*_read_whole(whole, task.shape), *readings]
        if isinstance(returned, tuple):
            readings.reverse()
    if not readings:
        raise _wrong_shape(whole, parts, task)
    coarse = any(
        array.dtype.kind == "f" and array.dtype.itemsize < 8
        for array in (whole, *(parts or ()))
        if array is not None
    )
    return Answer(
        {layout: array.astype(np.float64) for layout, array in readings},
        COARSE if coarse else PRECISE,
    )


def _holds_dots(returned: Any) -> bool:
    """Say whether there is a ... in what was returned, however deep."""
    if isinstance(returned, np.ndarray):
        return returned.dtype == object and any(entry is ... for entry in returned.flat)
    if isinstance(returned, (tuple, list)):
        return any(map(_holds_dots, returned))
    return returned is ...


def kind_of(value: object) -> str:
    """Return what ``value`` is, in words for a message."""
    if value is ...:
        return "the three dots ..."
    return f"a {type(value).__name__}"


Numbers = NDArray[Any]
Readings = list[tuple[str, Numbers]]


def _as_numbers(value: Any) -> Numbers | None:
    """Return a copy of ``value`` as an array of real numbers, None if it isn't one."""
    try:
        array = np.array(value)
        if array.dtype == object:
            array = np.array([float(entry) for entry in array.flat]).reshape(array.shape)
    except (TypeError, ValueError):
        return None
    return array if array.dtype.kind in "biuf" else None


def _two_parts(returned: Any) -> tuple[Numbers, Numbers] | None:
    """Return (∇W, ∇b), if ``returned`` is two things that are arrays each."""
    if isinstance(returned, np.ndarray) and returned.dtype == object and returned.shape == (2,):
        returned = tuple(returned)
    if not isinstance(returned, (tuple, list)) or len(returned) != 2:
        return None
    first, second = map(_as_numbers, returned)
    return None if first is None or second is None else (first, second)


def _read_whole(array: Numbers, shape: tuple[int, int]) -> Readings:
    readings = []
    if array.shape == shape or (array.ndim <= 1 and array.size == shape[1] and shape[0] == 1):
        readings.append(("θ's layout", array.reshape(shape)))
    if array.shape == shape[::-1]:
        readings.append(("the Jacobian's layout, a row for each column of θ", array.T))
    return readings


def _read_parts(first: Numbers, second: Numbers, shape: tuple[int, int]) -> Readings:
    n_outputs, n_features = shape[0], shape[1] - 1
    if second.size != n_outputs or max(second.shape, default=1) != n_outputs:
        return []
    b = second.reshape(n_outputs, 1)
    readings = []
    flat = first.ndim <= 1 and first.size == n_outputs * n_features and 1 in (n_outputs, n_features)
    if first.shape == (n_outputs, n_features) or flat:
        W = first.reshape(n_outputs, n_features)
        readings.append(("(∇W, ∇b)", np.hstack([W, b])))
    if first.shape == (n_features, n_outputs):
        readings.append(("(∇W transposed, ∇b)", np.hstack([first.T, b])))
    return readings


def _wrong_shape(
    whole: Numbers | None, parts: tuple[Numbers, Numbers] | None, task: Task
) -> Finding:
    """Return what is likeliest to be wrong where no layout fits."""
    n_outputs, n_columns = task.shape
    legal = f"{task.shape} like θ, or {task.shape[::-1]} like the Jacobian"
    got = f"the result has shape {whole.shape}" if whole is not None else ""
    if parts is not None:
        got = f"∇W has shape {parts[0].shape} and ∇b has shape {parts[1].shape}"
        legal = f"{(n_outputs, n_columns - 1)} and {(n_outputs,)}"
    shapes = [array.shape for array in parts or (whole,) if array is not None]

    if isinstance(task, DataTask):
        if parts is not None and _read_parts(parts[1], parts[0], task.shape):
            return Finding(
                "b stands before W",
                "Both parts are there, but in the other order: θ = [W | b], so W comes first.",
            )
        without_b = [(n_outputs, n_columns - 1), (n_columns - 1, n_outputs), (n_columns - 1,)]
        if parts is None and shapes[0] in without_b[: 3 if n_outputs == 1 else 2]:
            return Finding(
                "b is forgotten: its part is missing",
                f"There are {n_columns} parameters per output, {got}, which has room for W only: "
                "how does the loss change when only b moves?",
            )
        if any(task.n_samples in shape for shape in shapes):
            return Finding(
                "the shape is wrong: there is still an axis of samples",
                f"There are {task.n_samples} samples, and {got}; it should be {legal}. Either the "
                "mean over the samples is missing, or the residual is a table because (n, 1) minus "
                "(n,) is (n, n): print its shape.",
            )
    return Finding(
        "the shape is wrong",
        f"{got[0].upper()}{got[1:]}; it should be {legal}. See which axes your sums and means "
        "run over.",
    )


def explain_error(
    error: BaseException, function: Callable[..., Any], arguments: dict[str, NDArray[Any]]
) -> Finding:
    """Return what the function raised, in which of its lines, and with which shapes at hand."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    lines = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if code is not None and frame.filename == code.co_filename
    ]
    message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    place = f" in line {lines[-1].lineno}, `{lines[-1].line}`" if lines and lines[-1].line else ""
    shapes = ", ".join(f"{name} {value.shape}" for name, value in arguments.items())
    if isinstance(error, ValueError) and any(
        words in str(error) for words in ("matmul", "not aligned", "broadcast", "inhomogeneous")
    ):
        return Finding(
            "shapes do not fit each other",
            f"{message}{place}. It was called with {shapes}: write the shapes below that line and "
            "see which axis is summed over. A row of x is one sample: is a transpose missing?",
        )
    if isinstance(error, TypeError) and "ellipsis" in str(error):
        return Finding(
            BLANK,
            f"Put your formula in the place of the three dots: so far Python meets them{place}.",
        )
    texts = [name for name, value in arguments.items() if value.dtype.kind == "U"]
    if isinstance(error, TypeError) and texts:
        return Finding(
            "the labels are text, not numbers",
            f"{message}{place}. {texts[0]} holds labels such as {arguments[texts[0]][0]!s}: what "
            "does comparing them with the name of a class (==) give?",
        )
    return Finding(
        f"{type(error).__name__} is raised",
        f"{message}{place}. It was called with {shapes}.",
    )
