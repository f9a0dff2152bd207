"""What narrows or watches without a mission: a stopped tenant, and modes."""

import msgspec

from remit.terms.decisions import Mode
from remit.terms.identity import TenantId


class TenantStop(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a whole tenant is stopped; `id` is always "tenant". While it is, nothing is permitted."""

    tenant: TenantId
    id: str = "tenant"
    stopped: bool
    cause: str = ""
    by: str = ""
    version: int = 1


class ModeRule(msgspec.Struct, frozen=True, kw_only=True):
    """Observe instead of enforce, for one agent, server or tool, until it expires; a second person confirms it.

    `id` is what it is for: `agent:<id>`, `server:<id>` or `tool:<server>/<tool>`. Without a rule that holds the mode is
    enforce. Authentication, revocation and quarantine hold in either mode.
    """

    tenant: TenantId
    id: str
    mode: Mode
    expires: int
    by: str  # the operator who asked for it
    confirmed_by: str = ""  # another one; "" = not in force yet
    cause: str = ""
    version: int = 1
