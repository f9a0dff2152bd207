"""`remit init`: a directory, keys, a configuration to start from, the default policies, a first operator.

What a crash leaves: everything is made in a directory beside the final one and renamed last, so there is a whole Remit
directory or none.
"""

import asyncio
import os
import secrets
import shutil
import tempfile
from pathlib import Path

import msgspec

from remit.assembly.config import FILE
from remit.assembly.remit import key_encryption, open_remit
from remit.authentication import Authenticator
from remit.keys import KeyDirectory
from remit.policy import default_pack
from remit.terms import DEFAULT_TENANT, HolderKind, Refused, Role

POLICIES = "policies"
GROUPS = ("operators", "finance", "security")


class InitResult(msgspec.Struct, frozen=True, kw_only=True):
    """What `init` made. The keys are shown once."""

    directory: str
    operator: str
    admin_key: str
    point: str
    point_key: str


def init(directory: Path, *, port: int | None = None) -> InitResult:
    """Make a Remit directory. Raises `Refused` when `directory` exists and is not empty."""
    directory = directory.absolute()
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise Refused(f"{directory} exists already; choose another directory, or start it with `remit up {directory}`")
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
    except OSError as error:
        raise Refused(f"expected to make {directory}: {error.strerror}") from None
    try:
        making.chmod(0o700)
        KeyDirectory.create(making / "keys", key_encryption())
        (making / FILE).write_text(_toml(port), encoding="utf-8")
        (making / POLICIES).mkdir()
        for name, text in default_pack().items():
            (making / POLICIES / name).write_text(text, encoding="utf-8")
        admin_key, point_key = asyncio.run(_first_keys(making))
        if directory.exists():
            directory.rmdir()
        os.rename(making, directory)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    return InitResult(
        directory=str(directory), operator="admin", admin_key=admin_key, point="local", point_key=point_key
    )


async def _first_keys(directory: Path) -> tuple[str, str]:
    async with open_remit(directory, creating=True) as remit:
        local = Authenticator.local_operator(DEFAULT_TENANT)
        _, admin = await remit.administration.access.add_operator(
            local, "admin", roles=(Role.ADMIN, Role.APPROVER, Role.AUDITOR), groups=GROUPS
        )
        point = await remit.administration.access.add_key(local, HolderKind.POINT, "local")
    return admin, point


def _toml(port: int | None) -> str:
    return f"""\
# Remit. Unknown keys are refused; `remit up` says what it expected.
host = "127.0.0.1"
port = {8650 if port is None else port}
# public_url = "https://remit.example.com"   # how others reach this server

# First line of every checkpoint of the log; unique in the world and never changed.
log_origin = "remit.local/{secrets.token_hex(6)}"

# Groups of operators that policies may name in @ask("…").
groups = {_list(GROUPS)}

# Domains of the organisation: data may flow there. Servers whose results only insiders can write.
internal_domains = []
internal_servers = []

# Purposes: the reasons for which agents work. Each bounds its missions; children only narrow their parents.
[purposes.assist]
title = "Help a person with everyday work"
lifetime_minutes = 480
max_calls = 2000

[purposes.read-only]
title = "Find out and report"
parent = "assist"
classes = ["read"]

[purposes.pay-bills]
title = "Pay what the organisation owes"
parent = "assist"
max_amount = 10000
ask_above = 1000       # a transfer above this waits for a person

# Enforcement points: gateways and services that ask for decisions and attest outcomes. Keys: `remit keys add`.
[points.local]
servers = ["*"]
subjects = ["agent", "user"]

# MCP servers behind the gateway; agents reach them at /mcp/<name>.
# [upstreams.mail]
# url = "http://127.0.0.1:9000/mcp"
# credential_file = "mail.credential"   # its Authorization header; never shown to agents

# [limits]
# calls_per_minute_agent = 6000
# calls_per_minute_instance = 600
# approval_minutes = 15
"""


def _list(items: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{item}"' for item in items) + "]"
