"""Places from a geo database: what a record tells, and what is no database."""

from pathlib import Path
from typing import Any

import pytest

from gateway.geo import open_database, place_of
from schemas.calls import Place
from schemas.errors import StartError

FULL = {"country": {"iso_code": "DE"}, "subdivisions": [{"iso_code": "BE", "names": {"en": "Berlin", "de": "Berlin"}}]}


@pytest.mark.parametrize(
    ("record", "place"),
    [
        (FULL, Place("DE", "Berlin")),
        ({"country": {"iso_code": "DE"}}, Place("DE", None)),
        ({"country": {}, "subdivisions": []}, Place(None, None)),
        ({"country": "DE", "subdivisions": ["BE"]}, Place(None, None)),
        ({}, Place(None, None)),
    ],
)
def test_records_are_read(record: dict[str, Any], place: Place) -> None:
    assert place_of(record) == place


def test_what_is_no_database_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "no.mmdb").write_text("no database")
    for name in ("no.mmdb", "missing.mmdb"):
        with pytest.raises(StartError, match=name):
            open_database(str(tmp_path / name))
