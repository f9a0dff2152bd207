"""A request whose body comes late, over a real socket, to a real `remit up`."""

import contextlib
import json
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx2
from tests.interaction.cli_process import PATIENCE, remit_up

from remit.assembly import init

TOOLS = [
    {
        "name": "read_file",
        "description": "Read a file.",
        "inputSchema": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
    },
    {
        "name": "make_payment",
        "description": "Pay money to a recipient.",
        "inputSchema": {
            "type": "object",
            "properties": {"recipient": {"type": "string"}, "amount": {"type": "number"}},
            "required": ["recipient", "amount"],
        },
    },
]


class Late:
    """A POST that has sent its head and half of its body; the server waits for the rest.

    The server says `100 Continue` (RFC 9110 section 10.1.1) when it asks for the body: by then it knows who is calling.
    """

    def __init__(self, port: int, path: str, key: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self._rest = body[len(body) // 2 :]
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        sent = {
            "host": "127.0.0.1",
            "authorization": f"Bearer {key}",
            "content-type": "application/json",
            "content-length": str(len(body)),
            "expect": "100-continue",
            "connection": "close",
            **(headers or {}),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        self._socket.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode())
        self._file = self._socket.makefile("rb")
        line = self._file.readline()
        assert line.startswith(b"HTTP/1.1 100"), (line, self._file.read())
        assert self._file.readline() == b"\r\n"
        self._socket.sendall(body[: len(body) // 2])

    def finish(self) -> tuple[int, Any]:
        """Send the rest; status and JSON of the answer."""
        self._socket.sendall(self._rest)
        status = int(self._file.readline().split()[1])
        head, _, body = self._file.read().partition(b"\r\n\r\n")
        assert b"chunked" not in head.lower()
        return status, json.loads(body) if body else None

    def __enter__(self) -> "Late":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()
        self._socket.close()


class World:
    """A server with an agent `clerk` and an enforcement point `gate`, whose keys come and go."""

    def __init__(self, url: str, port: int, admin: str) -> None:
        self.port = port
        self.admin = admin
        self.second = ""  # another admin: who stops a tenant does not let it go on
        self._holders = 0
        self._http = httpx2.Client(base_url=url, timeout=PATIENCE, trust_env=False)

    def post(self, path: str, body: Any, key: str = "") -> Any:
        headers = {"authorization": f"Bearer {key or self.admin}"}
        answer = self._http.post(path, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def get(self, path: str) -> Any:
        headers = {"authorization": f"Bearer {self.admin}"}
        answer = self._http.get(path, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    def furnish(self) -> None:
        self.post("/v1/tools", {"server": "desk", "format": "mcp", "document": TOOLS})
        self.second = self.post("/v1/operators", {"id": "second", "roles": ["admin"]})["key"]

    def holder(self, kind: str) -> tuple[str, str]:
        """The name and key of a new agent, enforcement point or operator."""
        self._holders += 1
        name = f"{kind}-{self._holders}"
        body: dict[str, dict[str, Any]] = {
            "agent": {"id": name, "owner": "ann"},
            "point": {"id": name, "servers": ["desk"]},
            "operator": {"id": name, "roles": ["admin"]},
        }
        return name, self.post(f"/v1/{kind}s", body[kind])["key"]

    def mission(self, agent: str, goal: str = "Read a.txt", purpose: str = "assist") -> str:
        body = {"agent": agent, "purpose": purpose, "subject": "user:ann", "goal": goal}
        return str(self.post("/v1/missions", body)["mission"]["id"])

    def entries(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/v1/entries?start=-1000&limit=1000")["entries"]
        return found


@contextlib.contextmanager
def serving(where: Path, config: str = "") -> Iterator[World]:
    made = init(where / "remit")
    toml = where / "remit" / "remit.toml"
    toml.write_text("unbound_tokens = true\n" + toml.read_text(encoding="utf-8") + config, encoding="utf-8")
    with remit_up(where / "remit") as server:
        world = World(server.url, server.port, made.admin_key)
        with world._http:
            world.furnish()
            yield world
