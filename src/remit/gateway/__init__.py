"""The gateway: MCP over Streamable HTTP in front of MCP servers. A door to the path; it alone holds their keys."""

from remit.gateway.app import Gateway
from remit.gateway.ports import Authenticator, Mediator, Register, State

__all__ = ["Authenticator", "Gateway", "Mediator", "Register", "State"]
