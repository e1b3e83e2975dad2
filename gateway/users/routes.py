"""The addresses of users that change something, for requests with the secret key.

Owns the addresses only; who asks about users is answered elsewhere.
"""

from aiohttp import web

from gateway.auth import SecretKey
from gateway.budget import Budget
from gateway.collector.intake import Writer
from gateway.users.uploading import Uploads


def add_routes(app: web.Application, key: SecretKey, writer: Writer, budget: Budget, partitions: int) -> None:
    uploads = Uploads(writer, budget, partitions)
    app.router.add_post("/v1/users", key.guarding(uploads.post))
