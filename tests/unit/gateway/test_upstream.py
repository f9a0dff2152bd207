"""Upstreams that cannot work are refused when the gateway is built."""

import pytest

from remit.gateway.upstream import UpstreamSession
from remit.terms import Refused, Upstream


async def nobody(server: str, listed: list[dict[str, object]]) -> None:
    raise AssertionError("nothing is connected here")


@pytest.mark.parametrize(
    ("id_", "url", "why"),
    [
        ("", "http://127.0.0.1/mcp", "upstream's id"),
        ("a/b", "http://127.0.0.1/mcp", "upstream's id"),
        ("a b", "http://127.0.0.1/mcp", "upstream's id"),
        ("ä", "http://127.0.0.1/mcp", "upstream's id"),
        ("ok", "ftp://127.0.0.1/mcp", "http or https"),
        ("ok", "127.0.0.1/mcp", "http or https"),
        ("ok", "http://user:hunter2pass@127.0.0.1/mcp", "use credential_file"),
        ("ok", "http://127.0.0.1/mcp#x", "use credential_file"),
    ],
)
def test_an_ambiguous_id_or_address_is_refused_without_quoting_a_credential(id_: str, url: str, why: str) -> None:
    with pytest.raises(Refused, match=why) as caught:
        UpstreamSession(Upstream(id=id_, url=url), nobody)
    assert "hunter2" not in caught.value.message
