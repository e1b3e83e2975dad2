"""What browser SDKs fetch before they send: the source's settings, with nothing but ourselves as destination.

Owns the two documents. Source of their shapes: analytics.js (`/v1/projects/KEY/settings`) and RudderStack's JavaScript
SDK (`/sourceConfig/`).
"""

from typing import Any

from aiohttp import web

from gateway.collector.write_key import WriteKey
from gateway.errors import Refused, json_response

_ENABLED = {"__default": {"enabled": True, "integrations": {}}}


class Sources:
    """The handlers."""

    def __init__(self, key: WriteKey, write_key: str) -> None:
        self._key = key
        self._write_key = write_key

    async def project(self, request: web.Request) -> web.StreamResponse:
        """404 for another key, as there is no such project."""
        if not self._key.matches(request.match_info["key"]):
            raise Refused(404, "not_found", "there is no project with this write key")
        destination = {"apiKey": self._write_key, "apiHost": f"{request.host}/v1", "protocol": request.scheme}
        settings: dict[str, Any] = {
            "integrations": {"Segment.io": destination},
            "plan": {"track": _ENABLED, "identify": _ENABLED, "group": _ENABLED},
            "enabledMiddleware": {},
            "metrics": {"sampleRate": 0},
            "remotePlugins": [],
        }
        return json_response(settings)

    async def source(self, request: web.Request) -> web.StreamResponse:
        self._key.require(request)
        source: dict[str, Any] = {
            "id": "shoal",
            "name": "shoal",
            "writeKey": self._write_key,
            "enabled": True,
            "config": {"statsCollection": {"errors": {"enabled": False}, "metrics": {"enabled": False}}},
            "destinations": [],
            "dataplanes": {},
        }
        return json_response({"source": source, "consentManagementMetadata": {}, "updatedAt": None})
