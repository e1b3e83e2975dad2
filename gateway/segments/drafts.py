"""What a caller posted for a segment, read and checked but for the rule: name, description, id, rule document.

Owns the reading of bodies of POST, PUT and PATCH `/v1/segments`. What a segment's answer has beside these (`version`,
`size`, …) may be sent back and is ignored; any other key is refused, so that a typing error is not taken for silence.
"""

from dataclasses import dataclass, replace
from typing import Any

from gateway.errors import Refused, invalid
from gateway.segments.listed import read_ids
from gateway.segments.slugs import id_of_name, is_id

LONGEST_NAME = 200
LONGEST_DESCRIPTION = 2000
_READ = {"id", "name", "description", "rule", "users", "static"}
_TOLD = {
    "version", "status", "progress", "covers_from", "created", "updated", "size", "share", "new_7d", "active_7d",
    "sentence", "error", "listed", "position",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draft:
    """The parts that a body has; None for one that it has not."""

    id: str | None
    name: str | None
    description: str | None
    rule: Any | None
    users: list[str] | None = None
    static: bool = False


Problem = tuple[str, str, str]


def read_new(body: dict[str, Any]) -> tuple[str, Draft]:
    """(id, parts) of a new segment's body: name and rule, or users, are required. Raises Refused 422."""
    draft = _read(body, required=("name",) if "users" in body else ("name", "rule"))
    return draft.id or id_of_name(draft.name or ""), draft


def read_replacement(body: dict[str, Any], id: str) -> Draft:
    """The parts of a body that replaces segment `id`: name and rule are required. Raises Refused 422.

    Of a static one the users may be left out: they stay.
    """
    return _same_id(_read(body, required=("name",) if _is_static(body) else ("name", "rule")), id)


def read_merge(body: dict[str, Any], id: str) -> Draft:
    """The parts of a body that is merged into segment `id`; a description of null is taken away. Raises Refused 422."""
    draft = _same_id(_read(body, required=()), id)
    clears = "description" in body and body["description"] is None
    return replace(draft, description="" if clears else draft.description)


def require_kind(draft: Draft, static: bool) -> None:
    """Raises Refused 422 where a segment by rule would become a static one, or the other way round."""
    if static and draft.rule is not None:
        raise invalid(("rule", "kind_is_fixed", "a static segment has users, and never a rule"))
    if not static and draft.static:
        raise invalid(("users", "kind_is_fixed", "a segment by rule never has users of its own"))


def _is_static(body: dict[str, Any]) -> bool:
    return "users" in body or body.get("static") is True


def _same_id(draft: Draft, id: str) -> Draft:
    if draft.id not in (None, id):
        raise invalid(("id", "id_is_fixed", "a segment's id cannot be changed"))
    return draft


def _read(body: dict[str, Any], required: tuple[str, ...]) -> Draft:
    problems: list[Problem] = [(key, "unknown_key", f"no such key: {key[:80]}") for key in body.keys() - _READ - _TOLD]
    if _is_static(body) and body.get("rule") is not None:
        problems.append(("rule", "two_kinds", "a segment has either a rule or users"))
    problems += [(key, "missing", f"`{key}` is required") for key in required if body.get(key) is None]
    problems += _bad_id(body) + _bad_name(body, required) + _bad_description(body)
    if problems:
        raise invalid(*problems)
    users = read_ids(body["users"]) if "users" in body else None
    return Draft(
        body.get("id"), body.get("name"), body.get("description"), body.get("rule"), users, static=_is_static(body)
    )


def _bad_id(body: dict[str, Any]) -> list[Problem]:
    if (id := body.get("id")) is None or is_id(id):
        return []
    return [("id", "bad_id", "an id is 1 to 64 of a–z, 0–9, _ and -")]


def _bad_name(body: dict[str, Any], required: tuple[str, ...]) -> list[Problem]:
    if "name" not in body or (body["name"] is None and "name" in required):
        return []
    name = body["name"]
    if isinstance(name, str) and name.strip() and len(name) <= LONGEST_NAME:
        return []
    return [("name", "bad_name", f"a name is text of 1 to {LONGEST_NAME} characters")]


def _bad_description(body: dict[str, Any]) -> list[Problem]:
    description = body.get("description")
    if description is None or (isinstance(description, str) and len(description) <= LONGEST_DESCRIPTION):
        return []
    return [("description", "bad_description", f"a description is text of at most {LONGEST_DESCRIPTION:,} characters")]


def not_found(id: str) -> Refused:
    return Refused(404, "unknown_segment", f"no segment has the id {id[:80]}")


def taken(id: str) -> Refused:
    return Refused(409, "taken", f"there is already a segment with the id {id}")
