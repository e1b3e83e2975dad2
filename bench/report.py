"""The table that a run prints: one line a figure, with what it is compared with, the ratio, and the goal.

Owns the forms of numbers and the table, as Markdown, so that it stands in the README as it was printed.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """`value` is the figure as a number, for a bench that builds on it."""

    what: str
    figure: str
    beside: str = ""
    ratio: str = ""
    goal: str = ""
    value: float = 0.0


def table(rows: list[Row]) -> str:
    head = ("measured", "shoal", "beside it, in the same run", "ratio", "goal")
    lines = [head, *((row.what, row.figure, row.beside, row.ratio, row.goal) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    shown = [" | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    rule = " | ".join("-" * width for width in widths)
    return "\n".join(f"| {line} |" for line in (shown[0], rule, *shown[1:]))


def per_second(rate: float) -> str:
    """To three digits: more would be a promise that no machine keeps."""
    digits = 10 ** max(len(str(int(rate))) - 3, 0)
    return f"{round(rate / digits) * digits:,} /s"


def milliseconds(time: float) -> str:
    """Of seconds."""
    ms = time * 1000
    return f"{ms:.1f} ms" if ms < 100 else f"{ms:,.0f} ms"


def megabytes(size: float) -> str:
    return f"{size / 1e6:,.0f} MB"


def times(ratio: float) -> str:
    return f"{ratio:.1f} ×" if ratio < 10 else f"{ratio:.0f} ×"
