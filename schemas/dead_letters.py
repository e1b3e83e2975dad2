"""What the topic `dead-letters` keeps of an event or record that was refused, as one JSON object.

Owns the shape and how much of the refused thing is kept. Reasons are the codes of docs/events.md.
"""

import msgspec

MAX_KEPT = 32 << 10
"""Characters of the refused event or record that are kept."""


class DeadLetter(msgspec.Struct, omit_defaults=True, kw_only=True):
    """`source`: the collector, or the topic and place that a record was read from. `record`: the event as JSON text.

    `truncated` tells that `record` is only its beginning. `index` is the event's in its request.
    """

    reason: str
    message: str
    received: int
    source: str
    record: str
    index: int | None = None
    truncated: bool = False


def make(reason: str, message: str, *, received: int, source: str, record: str, index: int | None = None) -> DeadLetter:
    """A dead letter of a text of any length, fit to be written: what is no Unicode in it is replaced."""
    kept = record[:MAX_KEPT].encode("utf-8", "replace").decode()
    return DeadLetter(
        reason=reason,
        message=message,
        received=received,
        source=source,
        record=kept,
        index=index,
        truncated=len(record) > MAX_KEPT,
    )


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(DeadLetter).decode
