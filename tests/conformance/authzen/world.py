"""A whole Remit in this process, spoken to over ASGI, if asked with the certification fixture's types and policies."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
from anyio.from_thread import BlockingPortal, start_blocking_portal

from remit.assembly import init, open_remit

TYPES = """
entity user = { role?: String };
entity record = { status?: String };
action read, write appliesTo { principal: user, resource: record, context: {} };
action delete appliesTo { principal: user, resource: record, context: { action?: { soft?: Bool } } };
"""
POLICIES = """
@id("anybody-reads")
@reason("alice and bob read records")
permit (principal is user, action == Action::"read", resource is record)
when { principal == user::"alice" || principal == user::"bob" };

@id("alice-writes")
@reason("alice writes records that are not archived")
permit (principal == user::"alice", action == Action::"write", resource is record)
unless { resource has status && resource.status == "archived" };

@id("admins-write")
@reason("administrators write every record")
permit (principal is user, action == Action::"write", resource is record)
when { principal has role && principal.role == "admin" };

@id("alice-deletes-softly")
@reason("alice deletes what can be brought back")
permit (principal == user::"alice", action == Action::"delete", resource is record)
when { context has action && context.action has soft && context.action.soft };
"""


class World:
    """One server: its keys, and requests to it."""

    def __init__(self, directory: Path, portal: BlockingPortal, remit: Any, keys: Mapping[str, str]) -> None:
        self.directory = directory
        self.portal = portal
        self.remit = remit
        self.keys = dict(keys)
        self.client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=remit.app), base_url="http://remit.test")

    def request(
        self,
        method: str,
        path: str,
        *,
        key: str | None = "point",
        headers: Mapping[str, str] | None = None,
        **rest: Any,
    ) -> httpx2.Response:
        """One request, as the holder of `key`."""
        sent = {} if key is None else {"authorization": f"Bearer {self.keys[key]}"}
        return self.portal.call(lambda: self.client.request(method, path, headers={**sent, **(headers or {})}, **rest))

    def evaluate(self, body: Any, **rest: Any) -> httpx2.Response:
        return self.request("POST", "/access/v1/evaluation", json=body, **rest)

    def evaluate_all(self, body: Any, **rest: Any) -> httpx2.Response:
        return self.request("POST", "/access/v1/evaluations", json=body, **rest)

    def operate(self, path: str, body: Any, *, status: int | None = None, key: str = "admin") -> Any:
        """An operator's POST that has to succeed, or to answer `status`."""
        answer = self.request("POST", path, key=key, json=body)
        assert answer.is_success if status is None else answer.status_code == status, answer.text
        return answer.json() if answer.content else None


@contextlib.contextmanager
def serving(directory: Path, *, certified: bool = False, config: str = "") -> Iterator[World]:
    """A new server in `directory`. `config` goes in front of the remit.toml that `remit init` writes."""
    made = init(directory)
    toml = directory / "remit.toml"
    toml.write_text(config + toml.read_text(encoding="utf-8"), encoding="utf-8")
    if certified:
        (directory / "policies" / "types.cedarschema").write_text(TYPES, encoding="utf-8")
        (directory / "policies" / "records.cedar").write_text(POLICIES, encoding="utf-8")
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(open_remit(directory)) as remit:
        yield World(directory, portal, remit, {"admin": made.admin_key, "point": made.point_key})
