"""The measure table: one row a measure, what it takes and the words for it.

Owns names and words. How a measure is worked out from what is kept of the events is one small class each in
`streams.measures`. Source: contract section 5, "Measure".
"""

from dataclasses import dataclass

from schemas.rules import MeasureKind


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """A measure in words. `phrase` has {number}, what it is compared with, and {of} where it is of a field.

    `found` has {number}, what came of one user's events; `one` and `none` are words for 1 and nothing, where there are
    such. `short`, `over`: what is said of a number below or above what is asked, {number} is how far; nothing where it
    helps nobody. `whole`: the number is one of things, not of what they are worth; `instant`: it is a time.
    """

    kind: MeasureKind
    phrase: str
    found: str
    one: str = ""
    none: str = ""
    short: str = ""
    over: str = ""
    whole: bool = False
    instant: bool = False

    @property
    def takes_field(self) -> bool:
        """Whether it is of a field, `of`."""
        return "{of}" in self.phrase

    @property
    def takes_number(self) -> bool:
        """Whether it is compared with a number."""
        return "{number}" in self.phrase


_MORE, _LESS = "needs {number} more", "{number} too many"

_ROWS = (
    MeasureRow("count", "{number} times", "{number} times", "once", "never", _MORE, _LESS, whole=True),
    MeasureRow("sum", "with the {of} adding up to {number}", "it adds up to {number}", short=_MORE),
    MeasureRow("avg", "with the {of} averaging {number}", "it averages {number}"),
    MeasureRow("min", "with the smallest {of} being {number}", "the smallest is {number}"),
    MeasureRow("max", "with the largest {of} being {number}", "the largest is {number}"),
    MeasureRow(
        "distinct",
        "with {number} different values of the {of}",
        "{number} of them",
        short=_MORE,
        over=_LESS,
        whole=True,
    ),
    MeasureRow("first", "for the first time", "that was {number}", none="never", instant=True),
)

MEASURES = {row.kind: row for row in _ROWS}
