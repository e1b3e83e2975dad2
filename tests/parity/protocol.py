"""What is to be compared with the reference must do: the pure core by an adapter, a running system by another."""

from typing import Any, Protocol

from tests.strategies import Arrival


class Implementation(Protocol):
    """Instants are epoch ms and never fall from one call to the next, whichever method it is."""

    def define(self, segments: dict[str, dict[str, Any]], at: int) -> None:
        """Make all segments (id → rule as posted; a rule may refer to others of them) and have them live.

        Called once, before, amid or after what is sent: what was sent before counts too.
        """

    def send(self, arrival: Arrival) -> None:
        """One call reaches the collector; all that follows from it can be asked afterwards."""

    def upload(self, user: str, traits: dict[str, Any], at: int) -> None:
        """One user of `POST /v1/users`."""

    def put(self, segment: str, mode: str, users: list[str], at: int) -> None:
        """`PUT /v1/segments/{id}/users`; a static segment is defined as `{"users": […]}`."""

    def erase(self, id: str, at: int) -> None:
        """`DELETE /v1/users/{id}`, answered: what is sent later comes afterwards."""

    def user(self, id: str, now: int) -> str:
        """The canonical id; of an id that nobody sent, itself."""

    def users(self, now: int) -> list[str]:
        """The canonical ids of all known users, in any order."""

    def members(self, id: str, now: int) -> set[str]:
        """The segments that the user of this id is in at `now`; none for an unknown one."""

    def next_change(self, segment: str, id: str, now: int) -> int | None:
        """The next instant at which time alone changes the answer. Asked of known users only."""

    def facts(self, id: str, now: int) -> dict[str, Any] | None:
        """What `GET /v1/users/{id}` answers, without `segments`; None for an unknown one."""
