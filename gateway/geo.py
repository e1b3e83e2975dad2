"""The place of an IP address, from a MaxMind database of one's own. None is shipped; without one no place is looked up.

Owns opening the database and reading its records: the country's ISO code, the English name of its first subdivision.
"""

from collections.abc import Callable
from ipaddress import ip_address

import maxminddb

from schemas.calls import Place
from schemas.errors import StartError

Locate = Callable[[str], Place | None]


def open_database(path: str) -> Locate:
    """A lookup by address. Raises StartError for a file that is no such database."""
    try:
        reader = maxminddb.open_database(path)
    except OSError as error:
        raise StartError(f"the geo database {path} cannot be read: {error.strerror or error}") from None
    except maxminddb.InvalidDatabaseError as error:
        raise StartError(f"the geo database {path} cannot be read: {error}") from None

    def locate(address: str) -> Place | None:
        try:
            found = reader.get(ip_address(address))
        except ValueError:  # no address, or an IPv6 one in a database of IPv4
            return None
        return place_of(found) if isinstance(found, dict) else None

    return locate


def place_of(record: dict[str, object]) -> Place:
    """Country and region of a record as GeoLite2 and GeoIP2 have it; None for what it has not."""
    country = record.get("country")
    subdivisions = record.get("subdivisions")
    first = subdivisions[0] if isinstance(subdivisions, list) and subdivisions else None
    names = first.get("names") if isinstance(first, dict) else None
    code = country.get("iso_code") if isinstance(country, dict) else None
    region = names.get("en") if isinstance(names, dict) else None
    return Place(code if isinstance(code, str) else None, region if isinstance(region, str) else None)
