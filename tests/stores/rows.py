"""Rows as the partition store takes them: eight bytes of due instant, then anything."""

from stores.partitions import NEVER

Rows = dict[bytes, bytes | None]


def row(due: int | None, text: bytes = b"") -> bytes:
    return (NEVER if due is None else due.to_bytes(8, "big")) + text
