"""What an organisation configures in `remit.toml`, as values. Reading the file is `assembly.config`'s."""

import msgspec

from remit.terms.missions import Budget, Purpose


class Upstream(msgspec.Struct, frozen=True, kw_only=True):
    """An MCP server behind the gateway."""

    id: str
    url: str
    credential_file: str | None = None  # file with the value of its Authorization header; never shown
    outside: tuple[
        str, ...
    ] = ()  # tools (or "*") whose results carry what outsiders wrote; default: as catalogue reads it


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Ceilings against floods; each is a deny with a reason, never a silent drop."""

    calls_per_minute_agent: int = 6000
    calls_per_minute_instance: int = 600
    result_bytes: int = 1_000_000  # of one result that is taken in
    memory_bytes: int = 4_000_000  # per instance; what falls out is treated as unknown
    approval_lifetime: int = 15 * 60 * 1000  # milliseconds
    # Budgets of a day in UTC; None is unbounded. Missions have their own beside these.
    instance_day: Budget = Budget()
    agent_day: Budget = Budget()
    tenant_day: Budget = Budget()


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The whole configuration."""

    host: str = "127.0.0.1"
    port: int = 8650
    public_url: str = ""  # how others reach us; "" = http://host:port
    log_origin: str = "remit.local"  # first line of checkpoints is "<log_origin>/<tenant>"
    purposes: tuple[Purpose, ...] = ()
    groups: tuple[str, ...] = ()  # groups of operators that policies may name
    internal_domains: tuple[str, ...] = ()  # domains of the organisation: data may flow there
    internal_servers: tuple[str, ...] = ()  # servers whose results only insiders can write
    upstreams: tuple[Upstream, ...] = ()
    limits: Limits = Limits()
    unbound_tokens: bool = False  # whether call tokens may be had that are bound to no key: whoever has one may use it

    def purpose(self, name: str) -> Purpose | None:
        return next((purpose for purpose in self.purposes if purpose.id == name), None)
