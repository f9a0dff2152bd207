"""`remit.toml`, read strictly: an unknown key, a wrong type or an undefined name is refused with its place."""

import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from remit.audit import Witness
from remit.missions import purpose_bounds
from remit.terms import (
    DEFAULT_TENANT,
    Bounds,
    Budget,
    Confidentiality,
    EnforcementPoint,
    InvalidInput,
    Limits,
    OperationClass,
    PointId,
    Purpose,
    PurposeId,
    Refused,
    Settings,
    TenantId,
    Upstream,
    is_identifier,
)

FILE = "remit.toml"


class _Purpose(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: str
    parent: str | None = None
    classes: tuple[OperationClass, ...] | None = None
    servers: tuple[str, ...] | None = None
    tools: tuple[str, ...] | None = None
    sinks: tuple[str, ...] | None = None
    confidentiality: str = "confidential"
    ask_above: float | None = None
    max_calls: int | None = None
    max_amount: float | None = None
    max_records: int | None = None
    lifetime_minutes: int = 8 * 60


class _Upstream(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    url: str
    credential_file: str | None = None
    outside: tuple[str, ...] = ()


class _Point(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    servers: tuple[str, ...]
    subjects: tuple[str, ...] = ("agent",)


class _Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    calls_per_minute_agent: int = Limits().calls_per_minute_agent
    calls_per_minute_instance: int = Limits().calls_per_minute_instance
    result_bytes: int = Limits().result_bytes
    memory_bytes: int = Limits().memory_bytes
    approval_minutes: int = Limits().approval_lifetime // 60_000
    calls_per_day_instance: int | None = None
    calls_per_day_agent: int | None = None
    calls_per_day_tenant: int | None = None
    amount_per_day_instance: float | None = None
    amount_per_day_agent: float | None = None
    amount_per_day_tenant: float | None = None
    records_per_day_instance: int | None = None
    records_per_day_agent: int | None = None
    records_per_day_tenant: int | None = None

    def day(self, who: str) -> Budget:
        """The budget of a day of one `instance`, one `agent` or the `tenant`."""
        calls, amount, records = (getattr(self, f"{what}_per_day_{who}") for what in ("calls", "amount", "records"))
        return Budget(calls=calls, amount=amount, records=records)


class _Witness(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    url: str
    key: str


class _Log(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    public: bool = False
    sinks: tuple[str, ...] = ()
    witnesses: tuple[_Witness, ...] = ()


class _Retention(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    days: int | None = None


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    host: str = Settings().host
    port: int = Settings().port
    public_url: str = ""
    log_origin: str = Settings().log_origin
    groups: tuple[str, ...] = ()
    internal_domains: tuple[str, ...] = ()
    internal_servers: tuple[str, ...] = ()
    purposes: dict[str, _Purpose] = {}
    upstreams: dict[str, _Upstream] = {}
    points: dict[str, _Point] = {}
    limits: _Limits = _Limits()
    log: _Log = _Log()
    retention: _Retention = _Retention()
    unbound_tokens: bool = False


class WitnessSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A C2SP tlog-witness."""

    url: str  # its submission prefix
    key: str  # its verifier key (type 0x04)


class LogSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Who may read the log, and who keeps its checkpoints elsewhere."""

    public: bool = False
    sinks: tuple[str, ...] = ()  # absolute paths
    witnesses: tuple[WitnessSettings, ...] = ()


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """The settings, the enforcement points that are to exist, and how the record is kept."""

    settings: Settings
    points: tuple[EnforcementPoint, ...]
    log: LogSettings = LogSettings()
    retention_days: int | None = None  # after which texts of what ended are erased; None keeps them


def load_settings(directory: Path) -> Settings:
    """The settings of a Remit directory. Raises `Refused`."""
    return load(directory).settings


def load(directory: Path, tenant: TenantId = DEFAULT_TENANT) -> Configuration:
    """Read and check `<directory>/remit.toml`. Raises `Refused` naming the key and what was expected."""
    path = directory / FILE
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Refused(f"expected a Remit directory with {path}; make one with `remit init {directory}`") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Refused(f"expected {path} to be TOML: {error}") from None
    try:
        file = msgspec.convert(data, _File)
    except msgspec.ValidationError as error:
        raise Refused(f"{path}: {_plain(str(error))}") from None
    return _configuration(path, file, tenant)


def _configuration(path: Path, file: _File, tenant: TenantId) -> Configuration:
    try:
        settings = Settings(
            host=file.host,
            port=file.port,
            public_url=_url(file.public_url, "public_url") if file.public_url else "",
            log_origin=file.log_origin,
            groups=file.groups,
            internal_domains=tuple(domain.lower().lstrip("@.") for domain in file.internal_domains),
            internal_servers=file.internal_servers,
            purposes=tuple(_purpose(name, item) for name, item in file.purposes.items()),
            upstreams=tuple(_upstream(path.parent, name, item) for name, item in file.upstreams.items()),
            limits=_limits(file.limits),
            unbound_tokens=file.unbound_tokens,
        )
        for purpose in settings.purposes:
            purpose_bounds(purpose, settings.purpose)
        log = _log(path.parent, file.log)
        if file.retention.days is not None and file.retention.days < 1:
            raise InvalidInput("expected `retention.days` from 1")
        if not 0 <= settings.port <= 65535:
            raise InvalidInput("expected `port` from 0 to 65535")
        for name in (*file.purposes, *file.upstreams, *file.points, *file.groups):
            if not is_identifier(name) or "/" in name:
                raise InvalidInput(f"expected the name {name[:60]!r} to be of letters, digits and `_.:@+=~#-`")
    except InvalidInput as error:
        raise Refused(f"{path}: {error.message}") from None
    points = tuple(
        EnforcementPoint(tenant=tenant, id=PointId(name), servers=item.servers, subjects=item.subjects)
        for name, item in file.points.items()
    )
    return Configuration(settings=settings, points=points, log=log, retention_days=file.retention.days)


def _log(directory: Path, item: _Log) -> LogSettings:
    sinks = tuple(str(directory / sink) for sink in item.sinks)
    keys = [Witness.parse(one.key) for one in item.witnesses]
    names = [*sinks, *(key.name for key in keys)]
    if len(set(names)) != len(names):
        raise InvalidInput("expected each of `log.sinks` and `log.witnesses` once")
    witnesses = tuple(
        WitnessSettings(url=_url(one.url, "log.witnesses.url"), key=str(key))
        for one, key in zip(item.witnesses, keys, strict=True)
    )
    return LogSettings(public=item.public, sinks=sinks, witnesses=witnesses)


def _purpose(name: str, item: _Purpose) -> Purpose:
    levels = {level.name.lower(): level for level in Confidentiality}
    if item.confidentiality not in levels:
        raise InvalidInput(f"expected `purposes.{name}.confidentiality` to be one of {', '.join(levels)}")
    if item.lifetime_minutes <= 0:
        raise InvalidInput(f"expected `purposes.{name}.lifetime_minutes` above 0")
    return Purpose(
        id=PurposeId(name),
        title=item.title,
        parent=PurposeId(item.parent) if item.parent else None,
        bounds=Bounds(
            classes=item.classes,
            servers=item.servers,
            tools=item.tools,
            sinks=item.sinks,
            confidentiality=levels[item.confidentiality],
            ask_above=item.ask_above,
        ),
        budget=Budget(calls=item.max_calls, amount=item.max_amount, records=item.max_records),
        lifetime=item.lifetime_minutes * 60_000,
    )


def _upstream(directory: Path, name: str, item: _Upstream) -> Upstream:
    credential = str(directory / item.credential_file) if item.credential_file else None
    return Upstream(
        id=name, url=_url(item.url, f"upstreams.{name}.url"), credential_file=credential, outside=item.outside
    )


def _limits(item: _Limits) -> Limits:
    for name in item.__struct_fields__:
        value = getattr(item, name)
        if value is not None and value <= 0:
            raise InvalidInput(f"expected `limits.{name}` above 0")
    return Limits(
        calls_per_minute_agent=item.calls_per_minute_agent,
        calls_per_minute_instance=item.calls_per_minute_instance,
        result_bytes=item.result_bytes,
        memory_bytes=item.memory_bytes,
        approval_lifetime=item.approval_minutes * 60_000,
        instance_day=item.day("instance"),
        agent_day=item.day("agent"),
        tenant_day=item.day("tenant"),
    )


def _url(text: str, key: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise InvalidInput(f"expected `{key}` to be an http(s) URL without user, query or fragment")
    return text.rstrip("/")


def _plain(message: str) -> str:
    """msgspec says `$.purposes[...].title`; people wrote `purposes.….title`."""
    return (
        message.replace("Object", "the file")
        .replace("`$.", "`")
        .replace("`$", "`remit.toml")
        .replace("[...]", ".<name>")
    )
