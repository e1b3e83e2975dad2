"""Ids of segments: `[a-z0-9_-]{1,64}`, made from the name where none is given. Source: contract section 4."""

import re
import unicodedata
from hashlib import sha256

LONGEST = 64
_ID = re.compile(rf"[a-z0-9_-]{{1,{LONGEST}}}")
_OTHER = re.compile(r"[^a-z0-9_]+")


def is_id(text: object) -> bool:
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def id_of_name(name: str) -> str:
    """An id that reads like the name: `Käufer & Fans` gives `kaufer-fans`.

    A name without any letter or digit of ASCII gives `segment-` and eight digits of its hash, so that the same name
    always gives the same id.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = _OTHER.sub("-", plain)[:LONGEST].strip("-_")
    return slug or f"segment-{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
