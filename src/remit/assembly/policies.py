"""The policy directory: `<directory>/policies/*.cedar`, and `types.cedarschema` for types of the operator's own."""

from collections.abc import Iterable
from pathlib import Path

from remit.policy import PolicySet, load
from remit.terms import Refused, Settings, TenantId, Tool

FOLDER = "policies"
TYPES = "types.cedarschema"
MAX_FILE = 2_000_000  # bytes; larger is no policy that a person reviews


def load_policies(
    folder: Path, *, tools: Iterable[Tool], groups: tuple[str, ...], purposes: tuple[str, ...] | None = None
) -> PolicySet:
    """The policies in `folder`, checked. Raises `Refused` with every problem and what to do."""
    if not folder.is_dir():
        raise Refused(
            f"expected a policy directory at {folder}; without policies everything would be denied. "
            "Restore it, or take the default policies from a new `remit init`"
        )
    texts = {path.name: _read(path) for path in sorted(folder.glob("*.cedar"))}
    if not texts:
        raise Refused(f"expected at least one *.cedar file in {folder}; without policies everything would be denied")
    types = folder / TYPES
    return load(
        texts,
        tools=tools,
        groups=groups,
        extra_schema=_read(types) if types.exists() else None,
        purposes=purposes,
    )


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE:
            raise Refused(f"expected {path} to have at most {MAX_FILE} bytes")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"expected {path} to be readable UTF-8 text: {error}") from None


class PolicyBook:
    """The active set per tenant; implements `mediation.ports.Policies` and `administration.PolicyBook`."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._folder = folder
        self._settings = settings
        self._active: dict[TenantId, PolicySet] = {}

    def current(self, tenant: TenantId) -> PolicySet | None:
        return self._active.get(tenant)

    def activate(self, tenant: TenantId, tools: Iterable[Tool]) -> PolicySet:
        """Load the directory for `tenant`."""
        purposes = tuple(purpose.id for purpose in self._settings.purposes)
        before = self._active.get(tenant)
        found = load_policies(self._folder, tools=tools, groups=self._settings.groups, purposes=purposes)
        if before is not None and before.version == found.version and not before.trusted:
            found.distrust(before.distrusted)  # loading the same again mends nothing
        self._active[tenant] = found
        return found

    def reload(self, tenant: TenantId) -> PolicySet:
        current = self._active.get(tenant)
        return self.activate(tenant, current.tools.values() if current is not None else ())

    def admit(self, tenant: TenantId, tools: tuple[Tool, ...]) -> None:
        current = self._active.get(tenant)
        if current is None:
            raise Refused("no policy set is active")
        known = {**current.tools, **{tool.id: tool for tool in tools}}
        self._active[tenant] = current.with_tools(known.values())
