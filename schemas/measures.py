"""The measure table: one row a measure, what it takes and the words for it.

Owns names and words. How a measure is worked out from what is kept of the events is one small class each in `streams`.
Source: contract section 5, "Measure".
"""

from dataclasses import dataclass

from schemas.rules import MeasureKind


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """A measure in words. `phrase` has {number}, what it is compared with, and {of} where it is of a field.

    `found` has {number}, what came of one user's events. `one`: the word for a single one, where there is one. `short`,
    `over`: what is said of a number below or above what is asked; {number} is how far.
    """

    kind: MeasureKind
    phrase: str
    found: str
    short: str = "{number} short"
    over: str = "{number} over"
    one: str = ""

    @property
    def takes_field(self) -> bool:
        """Whether it is of a field, `of`."""
        return "{of}" in self.phrase


_MORE, _LESS = "needs {number} more", "{number} too many"

_ROWS = (
    MeasureRow("count", "{number} times", "{number} times", _MORE, _LESS, one="once"),
    MeasureRow("sum", "with the {of} adding up to {number}", "it adds up to {number}"),
    MeasureRow("avg", "with the {of} averaging {number}", "it averages {number}"),
    MeasureRow("min", "with the smallest {of} being {number}", "the smallest is {number}"),
    MeasureRow("max", "with the largest {of} being {number}", "the largest is {number}"),
    MeasureRow("distinct", "with {number} different values of the {of}", "{number} different values", _MORE, _LESS),
    MeasureRow("first", "for the first time", "the first time was {number}"),
)

MEASURES = {row.kind: row for row in _ROWS}
