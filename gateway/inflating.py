"""Bodies that come as gzip, to the collector as well as to the calls with the secret key.

Owns the inflating and its cap. Which status tells of a body that is refused is the caller's to say.
"""

import zlib

from schemas.errors import Rejected

_GZIP = b"\x1f\x8b"
TOO_LARGE = "too_large"


def inflated(body: bytes, encoding: str, most: int) -> bytes:
    """The body that `encoding`, a Content-Encoding, says it is.

    A server that inflates by itself leaves the header: gzip is known by its first bytes. Raises Rejected: TOO_LARGE for
    more than `most` bytes, `bad_gzip`, `bad_encoding`.
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise Rejected("bad_encoding", "a body may be gzip, no other Content-Encoding")
    return _inflate(body, most) if body.startswith(_GZIP) else body


def _inflate(body: bytes, most: int) -> bytes:
    """The content of a gzip file, whose size is looked at while it grows: a bomb costs no more than the cap."""
    inflater = zlib.decompressobj(wbits=31)
    try:
        content = inflater.decompress(body, most + 1)
    except zlib.error:
        raise Rejected("bad_gzip", "the body is no gzip") from None
    if len(content) > most:
        raise Rejected(TOO_LARGE, f"a body has at most {most >> 10} KB, inflated too")
    if not inflater.eof or inflater.unused_data:
        raise Rejected("bad_gzip", "the body is not one whole gzip file")
    return content
