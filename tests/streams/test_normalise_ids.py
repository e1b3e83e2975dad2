"""What an id is, and what a call tells of its ids."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Rejected
from schemas.events import IdentityRecord
from streams.normalise_ids import Ids, identity_records, read_ids
from streams.normalise_text import number_text


def read(**call: object) -> Ids:
    return read_ids(call, "track")


def refusal(call: dict[str, Any], kind: Any = "track") -> str:
    with pytest.raises(Rejected) as caught:
        read_ids(call, kind)
    return caught.value.code


@pytest.mark.parametrize(
    ("sent", "id"),
    [
        ("u", "u"),
        (7, "7"),
        (7.0, "7"),
        (-0.0, "0"),
        (1.5, "1.5"),
        (0, "0"),
        (1e-7, "1e-7"),
        (" u ", " u "),
        ("ü" * 256, "ü" * 256),
    ],
)
def test_text_and_numbers_are_ids(sent: object, id: str) -> None:
    assert read(userId=sent) == Ids(id, None)
    assert read(anonymousId=sent) == Ids(None, id)
    assert read(anonymousId=sent).key == id


@pytest.mark.parametrize(
    "sent", [True, False, {}, [], ["u"], {"id": "u"}, "x" * 257, "a\0b", "\0", "\ud800", "a\udfffb", ""]
)
def test_bad_ids(sent: object) -> None:
    assert refusal({"userId": sent}) == "bad_id"
    assert refusal({"anonymousId": sent}) == "bad_id"
    if sent != "":
        assert refusal({"userId": "fine", "anonymousId": sent}) == "bad_id"
        assert refusal({"userId": sent, "anonymousId": "fine"}) == "bad_id"


def test_an_empty_id_beside_another_is_as_absent() -> None:
    assert read(userId="", anonymousId="a") == Ids(None, "a")
    assert read(userId="u", anonymousId="") == Ids("u", None)


def test_none_at_all() -> None:
    assert refusal({}) == "missing_id"
    assert refusal({"userId": None}) == "missing_id"
    assert refusal({"previousId": "p"}) == "missing_id"


def test_alias_names_two() -> None:
    assert read_ids({"userId": "u", "previousId": "p"}, "alias") == Ids("u", None, "p")
    assert read_ids({"userId": "u", "anonymousId": "a"}, "alias") == Ids("u", "a", None)
    assert refusal({"userId": "u"}, "alias") == "missing_id"
    assert refusal({"previousId": "p"}, "alias") == "missing_id"
    assert refusal({"userId": "u", "previousId": "x" * 257}, "alias") == "bad_id"
    assert refusal({"userId": "u", "previousId": ""}, "alias") == "bad_id"


def test_previous_id_says_nothing_in_other_calls() -> None:
    assert read(userId="u", previousId={"no": "id"}) == Ids("u", None)


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (Ids("u", None), [IdentityRecord(id="u", seen="user", received=5)]),
        (Ids(None, "a"), [IdentityRecord(id="a", seen="anonymous", received=5)]),
        (
            Ids("u", "a"),
            [
                IdentityRecord(id="u", seen="user", received=5),
                IdentityRecord(id="a", seen="anonymous", owner="u", received=5),
            ],
        ),
        (
            Ids("u", "u"),
            [IdentityRecord(id="u", seen="user", received=5), IdentityRecord(id="u", seen="anonymous", received=5)],
        ),
        (
            Ids("u", None, "p"),
            [
                IdentityRecord(id="u", seen="user", received=5),
                IdentityRecord(id="p", alias="u", received=5, arrival=5007, message="m"),
            ],
        ),
        (Ids("u", None, "u"), [IdentityRecord(id="u", seen="user", received=5)]),
        (
            Ids("u", "a", "p"),
            [
                IdentityRecord(id="u", seen="user", received=5),
                IdentityRecord(id="a", seen="anonymous", owner="u", received=5),
                IdentityRecord(id="p", alias="u", received=5, arrival=5007, message="m"),
            ],
        ),
    ],
)
def test_identity_records(ids: Ids, expected: list[IdentityRecord]) -> None:
    assert list(identity_records(ids, 5, arrival=5007, message="m")) == expected


@given(st.text(min_size=1, max_size=300))
def test_an_id_is_kept_as_it_is_or_refused(sent: str) -> None:
    fine = len(sent) <= 256 and "\0" not in sent
    if fine:
        assert read(userId=sent).key == sent
    else:
        assert refusal({"userId": sent}) == "bad_id"


@given(st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_s_text_is_json_that_reads_as_the_same_number(number: float) -> None:
    written = number_text(number)
    assert json.loads(written) == number
    assert len(written) <= len(repr(number)) + 4  # never longer, but for 1e16 … 1e19 written out like their integers


@given(st.integers(-(2**53), 2**53))
def test_a_whole_float_is_written_as_its_integer(number: int) -> None:
    assert number_text(float(number)) == str(number)
