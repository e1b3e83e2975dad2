"""Which partition an id lives in: murmur2 of its UTF-8 bytes, as Kafka's default partitioner has it.

Everyone who writes or looks up by id (collector, worker, lookups) must agree, so it stands once, here.
"""

from functools import lru_cache

_M = 0x5BD1E995
_MASK = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """32-bit murmur2 with Kafka's seed (org.apache.kafka.common.utils.Utils.murmur2), as an unsigned number."""
    length = len(data)
    h = (0x9747B28C ^ length) & _MASK
    whole = length & ~3
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little") * _M & _MASK
        k = (k ^ (k >> 24)) * _M & _MASK
        h = (h * _M & _MASK) ^ k
    if tail := data[whole:]:
        h = (h ^ int.from_bytes(tail, "little")) * _M & _MASK
    h = (h ^ (h >> 13)) * _M & _MASK
    return h ^ (h >> 15)


@lru_cache(maxsize=1 << 17)
def partition_of(id: str, partitions: int) -> int:
    """Number of the partition, 0 … partitions - 1, of a user id."""
    return (murmur2(id.encode()) & 0x7FFFFFFF) % partitions
