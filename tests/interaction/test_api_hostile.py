"""Hostile bytes at the real server: headers and bodies that no client library would send."""

import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2
import pytest
from tests.interaction.api_server import Running, remit_up

PATH = "/access/v1/evaluation"
GOOD = json.dumps(
    {"subject": {"type": "user", "id": "alice"}, "action": {"name": "read"}, "resource": {"type": "record", "id": "1"}}
).encode()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with remit_up(tmp_path_factory.mktemp("hostile")) as running:
        yield running
    logged = running.log.read_text()
    assert "Traceback" not in logged, logged[-4000:]


def raw(server: Running, head: bytes, body: bytes = GOOD, *, length: int | None = None) -> bytes:
    """What comes back for these bytes, until the server closes the connection."""
    where = urlsplit(server.url)
    size = len(body) if length is None else length
    with socket.create_connection((where.hostname, where.port), timeout=20) as connection:
        connection.sendall(head + b"connection: close\r\ncontent-length: %d\r\n\r\n" % size + body)
        if length is not None:
            connection.shutdown(socket.SHUT_WR)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
        return b"".join(parts)


def head(server: Running, *more: bytes, path: bytes = PATH.encode()) -> bytes:
    lines = [
        b"POST " + path + b" HTTP/1.1",
        b"host: remit",
        b"content-type: application/json",
        b"authorization: Bearer " + server.point.encode(),
        *more,
    ]
    return b"\r\n".join(lines) + b"\r\n"


def status(answer: bytes) -> int:
    assert answer.startswith(b"HTTP/1.1 "), answer[:200]
    return int(answer.split(b" ", 2)[1])


def alive(server: Running) -> bool:
    headers = {"authorization": f"Bearer {server.point}", "content-type": "application/json"}
    answer = httpx2.post(server.url + PATH, content=GOOD, headers=headers)
    return answer.status_code == 200 and answer.json()["decision"] is True


@pytest.mark.parametrize(
    "line",
    [
        b"x-request-id: \xff\xfe\x80",
        b"x-request-id: a\x01b",
        b"x-request-id: " + b"x" * 5000,
        b"x-request-id:",
        b"x-request-id: a\tb",
        b"content-type: \xff",
        b"authorization: Bearer \xff\xfe",
        b"authorization: \x80",
        b"x-junk: " + b"\xff" * 4000,
        b"transfer-encoding: chunked",
        b"expect: 100-continue",
        b"no colon here",
        b"x-request-id: a\r\n set-cookie: folded=1",
    ],
    ids=lambda line: repr(line[:40]),
)
def test_junk_in_headers_is_refused_or_ignored_and_never_echoed(server: Running, line: bytes) -> None:
    for path in (PATH.encode(), b"/v1/agents"):
        answer = raw(server, head(server, line, path=path))
        if answer:  # a server may also just close on what is no HTTP
            assert status(answer) < 500
            assert b"set-cookie" not in answer.lower()
            assert b"\xff" not in answer
    assert alive(server)


@pytest.mark.parametrize(
    "path",
    [b"/%ff%fe", b"/v1/missions/%00", b"/v1/missions/%ff", b"/v1/agents?id=%ff%00", b"//", b"/v1/../v1", b"/a" * 3000],
)
def test_odd_paths_are_answered_without_a_defect(server: Running, path: bytes) -> None:
    for method in (b"GET ", b"POST "):
        answer = raw(server, head(server, path=path).replace(b"POST ", method, 1), b"")
        assert not answer or status(answer) < 500
    assert alive(server)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
        b'{"subject":' + b"9" * 1_000_000 + b"}",
        b'"' + b"\\ud800" * 100_000 + b'"',
        b"\xef\xbb\xbf" + GOOD,
        GOOD.decode().encode("utf-16"),
        GOOD + b"\x00",
        b"\x1f\x8b\x08\x00" + b"\x00" * 100,
        b"{" + b",".join(b'"k%d":1' % number for number in range(150_000)) + b"}",
    ],
    ids=["arrays", "objects", "digits", "surrogates", "bom", "utf-16", "trailing-nul", "gzip", "many-members"],
)
def test_bodies_made_to_hurt_are_refused_in_good_time(server: Running, body: bytes) -> None:
    assert status(raw(server, head(server), body)) == 400
    assert alive(server)


def test_a_body_that_stops_half_way_holds_nobody_up(server: Running) -> None:
    raw(server, head(server), GOOD[:20], length=len(GOOD))
    assert alive(server)


def test_a_string_of_a_megabyte_and_control_characters_are_judged_like_any_other(server: Running) -> None:
    for name in ("x" * 2048, "\x00\x1b[2J\u202e\u2028", "'; drop table", "é" * 500, " "):
        asked = {**json.loads(GOOD), "subject": {"type": "user", "id": name}, "context": {"note": name * 400}}
        answer = raw(server, head(server), json.dumps(asked).encode())
        assert status(answer) == 200
        said = json.loads(answer.split(b"\r\n\r\n", 1)[1])
        assert said["decision"] is False
    assert alive(server)
