"""Positions: how far into the topics a request's records reach, as an opaque text; and whether all of it is visible.

Owns the text and the waiting rounds. A partition tells in Redis how far it has come (`o:TOPIC`) and how far its
transfers to each other partition reach (`out:Q`); joins of users are visible once those transfers have been applied.
"""

import zlib
from base64 import b64decode, urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from schemas.errors import Rejected
from schemas.topics import EVENT_TOPICS, Topic

Ends = Mapping[tuple[Topic, int], int]
"""(topic, partition) → offset after the last record."""

_TOPICS = (*EVENT_TOPICS, Topic.IDENTITY, Topic.TRANSFERS)
"""A topic's place in here is its number in a position: only ever add at the end."""
ROUNDS = 3
"""What an event causes is passed on by redirects; each round waits for what the one before it sent on."""
JOINING = 4
"""Transfers that one after the other carry out an alias, each of them passed on by redirects (`streams.identity`)."""
ERASING = 5
"""The same for erasing a user (`streams.erasing`)."""
_KEPT = 100_000
"""Positions being asked for whose round is remembered; one forgotten only waits longer."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[int, int, int]]).decode


class Progress(Protocol):
    """What each partition tells of itself."""

    async def fields(self) -> Sequence[Mapping[str, str]]:
        """Of partition 0, 1, …: `o:TOPIC` the next offset to be applied, `out:Q` the end of its transfers to Q."""


def encode_position(ends: Ends) -> str:
    """A URL-safe text; dead letters have no part in it."""
    parts = sorted((_TOPICS.index(topic), at, end) for (topic, at), end in ends.items() if topic in _TOPICS)
    packed = _encode(parts)
    return urlsafe_b64encode(zlib.crc32(packed).to_bytes(4, "big") + packed).rstrip(b"=").decode()


def decode_position(text: str, partitions: int) -> dict[tuple[Topic, int], int]:
    """The reverse. Raises Rejected `bad_position` for a text that `encode_position` did not make here."""
    try:
        raw = b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        if zlib.crc32(raw[4:]) != int.from_bytes(raw[:4], "big"):
            raise ValueError(text)
        ends = {(_TOPICS[topic], at): end for topic, at, end in _decode(raw[4:])}
        if not all(0 <= at < partitions and end >= 0 for (_, at), end in ends.items()):
            raise ValueError(text)
        return ends
    except (ValueError, IndexError, msgspec.DecodeError):
        raise Rejected("bad_position", "this is no position that this system gave out") from None


def reached(ends: Ends, fields: Sequence[Mapping[str, str]]) -> bool:
    """Whether every partition has applied its topics up to there."""
    return all(int(fields[at].get(f"o:{topic.value}", 0)) >= end for (topic, at), end in ends.items())


def transfers_sent(fields: Sequence[Mapping[str, str]]) -> dict[tuple[Topic, int], int]:
    """How far the transfers to each partition reach, as of now."""
    return {(Topic.TRANSFERS, to): max(int(each.get(f"out:{to}", 0)) for each in fields) for to in range(len(fields))}


def rounds(ends: Ends, fields: Sequence[Mapping[str, str]]) -> int:
    """How often what the records up to `ends` cause may be sent on; `hops` is the longest way over redirects so far."""
    ways = 1 + max((int(each.get("hops", 0)) for each in fields), default=0)
    joins = any(topic is Topic.IDENTITY for topic, _ in ends)
    return max(ROUNDS, JOINING * ways if joins else ways)


class Passing:
    """Whether all that records up to `ends` cause is visible: up to `messages` transfers one after the other."""

    def __init__(self, ends: Ends, messages: int) -> None:
        self._wait = ends
        self._messages = messages
        self._done = 0

    def passed(self, fields: Sequence[Mapping[str, str]]) -> bool:
        """As of these fields, later ones than those of the call before."""
        enough = self._messages * (1 + max((int(each.get("hops", 0)) for each in fields), default=0))
        while self._done <= enough and reached(self._wait, fields):
            sent = transfers_sent(fields)
            if reached(sent, fields):
                return True
            self._done, self._wait = self._done + 1, sent
        return self._done > enough


class Visibility:
    """Answers whether positions are visible, and remembers what each is waiting for between two questions."""

    def __init__(self, progress: Progress, kept: int = _KEPT) -> None:
        self._progress = progress
        self._kept = kept
        self._rounds: OrderedDict[str, tuple[int, Ends]] = OrderedDict()

    async def visible(self, text: str, ends: Ends) -> bool:
        """Whether everything up to the position `text`, read as `ends`, is visible to lookups, joins included."""
        if not ends:
            return True
        fields = await self._progress.fields()
        done, wait = self._rounds.pop(text, (0, ends))
        enough = rounds(ends, fields)
        while done <= enough and reached(wait, fields):
            sent = transfers_sent(fields)
            if reached(sent, fields):
                return True
            done, wait = done + 1, sent
        if done > enough:
            return True
        self._rounds[text] = (done, wait)
        if len(self._rounds) > self._kept:
            self._rounds.popitem(last=False)
        return False
