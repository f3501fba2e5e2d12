"""What `check_gradient` answers, as text and as HTML."""

from dataclasses import dataclass
from html import escape
from typing import NamedTuple

COLUMNS = ("", "yours", "right", "by differences of the loss")


class Entry(NamedTuple):
    """One entry of the gradient that differs.

    Attributes
    ----------
    name : str
        Such as W[0, 0] or b[0].
    yours, right, by_differences : float
        What the student's function gives, the true value, and what central differences of the
        loss give.
    """

    name: str
    yours: float
    right: float
    by_differences: float


class Finding(Exception):  # noqa: N818 - the student's error, not the program's
    """A mistake was found: its name, where to look, and some of the entries that differ."""

    def __init__(self, diagnosis: str, hint: str, details: tuple[Entry, ...] = ()) -> None:
        super().__init__(diagnosis)
        self.diagnosis = diagnosis
        self.hint = hint
        self.details = details


@dataclass(frozen=True)
class GradientReport:
    """The answer of `check_gradient`; it counts as true where the gradient is right.

    Attributes
    ----------
    function, task : str
        The names of what was compared.
    passed : bool
    diagnosis, hint : str
        The likeliest mistake in a few words, and where to look for it; empty where all is right.
    details : tuple of Entry
        The first entries that differ, at one of the θ.
    remarks : tuple of str
        What else was noticed, such as the function's warnings.
    printed : str
        What the function printed, at most 20 lines of it.
    """

    function: str
    task: str
    passed: bool
    diagnosis: str = ""
    hint: str = ""
    details: tuple[Entry, ...] = ()
    remarks: tuple[str, ...] = ()
    printed: str = ""

    def __bool__(self) -> bool:
        return self.passed

    @property
    def headline(self) -> str:
        """The verdict in one sentence."""
        if self.passed:
            return f"Right: {self.function} is the gradient of {self.task}."
        return f"Not yet: {self.diagnosis}."

    def __repr__(self) -> str:
        lines = [self.headline]
        if self.hint:
            lines.append(f"Where to look: {self.hint}")
        if self.details:
            table = [COLUMNS, *self._rows()]
            widths = [max(map(len, column)) for column in zip(*table)]
            for name, *numbers in table:
                cells = [cell.rjust(width) for cell, width in zip(numbers, widths[1:])]
                lines.append("  ".join(["", name.ljust(widths[0]), *cells]))
        lines += [f"Note: {remark}" for remark in self.remarks]
        if self.printed:
            lines += ["It printed:", *(f"  {line}" for line in self.printed.splitlines())]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        colour = "#009E73" if self.passed else "#D55E00"
        parts = [f"<strong>{escape(self.headline)}</strong>"]
        if self.hint:
            parts.append(f"<p>Where to look: {escape(self.hint)}</p>")
        if self.details:
            head = "".join(f'<th scope="col">{column}</th>' for column in COLUMNS)
            rows = "".join(
                f'<tr><th scope="row">{escape(name)}</th>'
                + "".join(f"<td>{number}</td>" for number in numbers)
                + "</tr>"
                for name, *numbers in self._rows()
            )
            parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>")
        parts += [f"<p>Note: {escape(remark)}</p>" for remark in self.remarks]
        if self.printed:
            parts.append(f"<p>It printed:</p><pre>{escape(self.printed)}</pre>")
        return (
            f'<div style="border-left: 4px solid {colour}; padding-left: 1em">'
            f"{''.join(parts)}</div>"
        )

    def _rows(self) -> list[tuple[str, ...]]:
        return [(entry.name, *(f"{number:.4g}" for number in entry[1:])) for entry in self.details]
