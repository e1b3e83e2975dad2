"""The addresses of users that change something, for requests with the secret key.

Owns the addresses only; who asks about users is answered elsewhere.
"""

from aiohttp import web

from gateway.auth import SecretKey
from gateway.users.erasing import Erasing
from gateway.users.uploading import Uploads

USER = "/v1/users/{id:[^/]+}"
"""aiohttp's own pattern of a part has no braces in it; an id may."""


def add_routes(app: web.Application, key: SecretKey, uploads: Uploads, erasing: Erasing) -> None:
    app.router.add_post("/v1/users", key.guarding(uploads.post))
    app.router.add_delete(USER, key.guarding(erasing.delete))
