"""A request as handlers see it: who asks, and a body read as strictly as the path reads one."""

from typing import Any

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.exceptions import InternalServerException
from litestar.handlers.base import BaseRouteHandler

from remit.administration import Administration
from remit.authentication import parse_authorization
from remit.decision_api.authzen import explain
from remit.decision_api.services import ApiServices
from remit.decision_api.wire import read_head, require_json
from remit.terms import InvalidInput, Principal, parse


def authenticated(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard: runs before a body is read, so nothing is said to strangers but that they are strangers."""
    services: ApiServices = connection.app.state.services
    head = read_head((name, value) for name, value in connection.scope["headers"] if name.lower() == b"authorization")
    connection.scope["user"] = services.authenticator.authenticate(parse_authorization(head.authorization))


class Asking(Request[Principal, None, State]):
    """A request of an authenticated caller."""

    @property
    def by(self) -> Principal:
        """Who asks, as the key stands at this moment: the body may have come late and the key be revoked meanwhile.

        Handlers hand it on at once, so nothing comes between (I5). Raises `Unauthenticated`.
        """
        return self.services.authenticator.renew(self.user)

    @property
    def services(self) -> ApiServices:
        services: ApiServices = self.app.state.services
        return services

    @property
    def desks(self) -> Administration:
        return self.services.administration

    async def body(self) -> bytes:
        """The bytes; a body that breaks off is the sender's fault, and the framework would take it for ours."""
        try:
            return await super().body()
        except InternalServerException:
            raise InvalidInput("expected a whole body; it ended before it was complete") from None

    async def json(self) -> Any:
        """The body as the handler's type. Stricter than the framework: duplicate members, lone surrogates and numbers
        that lose digits are refused, and a string is not taken for a number."""
        require_json(self.headers.get("content-type", ""))
        value = parse(await self.body())
        wanted = self.route_handler.parsed_data_field
        try:
            return value if wanted is None else msgspec.convert(value, wanted.annotation)
        except msgspec.ValidationError as error:
            raise InvalidInput(explain(error)) from None
