"""The pages' own files, read once: templates, style sheet, script, icon, and the headers that fence them in.

Owns static addresses: `/static/HASH/name`, kept by browsers for good, as another content has another address.
"""

from hashlib import sha256
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

_HERE = Path(__file__).parent
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Files:
    """Templates and static files of one process."""

    def __init__(self) -> None:
        found = sorted((_HERE / "static").iterdir())
        self._static = {path.name: (path.read_bytes(), _TYPES[path.suffix]) for path in found if path.suffix in _TYPES}
        self._hash = sha256(b"".join(body for body, _ in self._static.values())).hexdigest()[:12]
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals["static"] = self.address

    def address(self, name: str) -> str:
        """Where a static file is found; KeyError when there is none of that name."""
        if name not in self._static:
            raise KeyError(name)
        return f"/static/{self._hash}/{name}"

    def page(self, template: str, status: int = 200, **values: object) -> web.Response:
        text = self._templates.get_template(template).render(**values)
        return web.Response(text=text, status=status, content_type="text/html", headers=PAGE_HEADERS)

    async def static(self, request: web.Request) -> web.Response:
        found = self._static.get(request.match_info["name"])
        if found is None or request.match_info["hash"] != self._hash:
            raise web.HTTPNotFound
        body, kind = found
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
        response = web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)
        response.enable_compression()
        return response
