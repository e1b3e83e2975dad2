"""The table of all names in Redis; nothing else makes one. The keys of a partition share a hash tag.

    {ns:p}:u:ID     what a lookup of ID answers, or where to look: `schemas.views.pack_lookup`, `pack_redirect`
    {ns:p}:r:ID     the profile row of ID, as the worker's store has it
    {ns:p}:m        hash: user's number in the partition → mask of its slots, so that only bits that differ are written
    {ns:p}:s        set: the slots that have a bitmap
    {ns:p}:b:SLOT   bitmap: the numbers of the users in a slot
    {ns:p}:c        the partition's hourly totals, msgpack
    {ns:p}:f        hash: how far the partition is; its fields are below
    {ns:p}:t        within one script only: an intersection of bitmaps
    {ns}:lock       held by the gateway that is changing definitions
    {ns}:lock:ID    held by the gateway that is changing the static list of segment ID
    {ns}:erased     how many users were erased: when it changes, gateways forget what they remember of ids

Scripts in `stores.scripts` put a slot's number behind `bitmap_prefix`.
"""


def partition_tag(namespace: str, partition: int) -> str:
    return f"{{{namespace}:{partition}}}:"


def lookup_prefix(namespace: str, partition: int) -> bytes:
    """Before the UTF-8 bytes of an id."""
    return f"{partition_tag(namespace, partition)}u:".encode()


def row_prefix(namespace: str, partition: int) -> bytes:
    """Before the UTF-8 bytes of an id."""
    return f"{partition_tag(namespace, partition)}r:".encode()


def masks(namespace: str, partition: int) -> bytes:
    return f"{partition_tag(namespace, partition)}m".encode()


def slots(namespace: str, partition: int) -> bytes:
    return f"{partition_tag(namespace, partition)}s".encode()


def bitmap_prefix(namespace: str, partition: int) -> bytes:
    """Before the decimal number of a slot."""
    return f"{partition_tag(namespace, partition)}b:".encode()


def totals(namespace: str, partition: int) -> bytes:
    return f"{partition_tag(namespace, partition)}c".encode()


def fields(namespace: str, partition: int) -> bytes:
    return f"{partition_tag(namespace, partition)}f".encode()


def temporary(namespace: str, partition: int) -> bytes:
    return f"{partition_tag(namespace, partition)}t".encode()


def lock(namespace: str) -> bytes:
    return f"{{{namespace}}}:lock".encode()


def list_lock(namespace: str, segment: str) -> bytes:
    return f"{{{namespace}}}:lock:{segment}".encode()


def erased(namespace: str) -> bytes:
    return f"{{{namespace}}}:erased".encode()


FENCE = "g"
"""Of `fields`: epoch and generation of the worker that wrote last; an older one is refused."""

WRITES = "n"
"""Of `fields`: how many writes there were; one that is lower than before tells that Redis went back in time."""

WHOLE = "whole"
"""Of `fields`: there when every row of the partition has been written since Redis was last empty."""


def applied(topic: str) -> str:
    """Of `fields`: the next offset of the topic to be applied; all below is visible."""
    return f"o:{topic}"


def sent(partition: int) -> str:
    """Of `fields`: end of the transfers produced for that partition."""
    return f"out:{partition}"
