"""AuthZEN section 9: the policy decision point's metadata."""

from pathlib import Path

import pytest
from tests.conformance.authzen.test_evaluation import GOOD
from tests.conformance.authzen.world import World, serving
from tests.conformance.requirements import covers

WELL_KNOWN = "/.well-known/authzen-configuration"


@covers("authzen.metadata", "authzen.metadata-no-empty", "authzen.metadata-caching")
def test_metadata_is_a_json_object_for_anybody(world: World) -> None:
    answer = world.request("GET", WELL_KNOWN, key=None)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert "max-age" in answer.headers["cache-control"]
    assert all(answer.json().values()), "a parameter without a value is left out"
    for method in ("POST", "PUT", "DELETE"):
        refused = world.request(method, WELL_KNOWN, key=None)
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET")


@covers("authzen.metadata-identifier", "authzen.metadata-path", "authzen.metadata-endpoints")
@pytest.mark.parametrize(
    ("url", "path", "endpoint"),
    [
        ("https://pdp.example.com", WELL_KNOWN, "https://pdp.example.com/access/v1/evaluation"),
        (
            "https://example.com/tenant1",
            f"{WELL_KNOWN}/tenant1",
            "https://example.com/tenant1/access/v1/evaluation",
        ),
    ],
)
def test_the_identifier_is_the_public_url_and_decides_where_metadata_is(
    tmp_path: Path, url: str, path: str, endpoint: str
) -> None:
    with serving(tmp_path / "remit", config=f'public_url = "{url}"\n') as other:
        said = other.request("GET", path, key=None).json()
        assert said["policy_decision_point"] == url
        assert said["access_evaluation_endpoint"] == endpoint
        if path != WELL_KNOWN:
            assert other.request("GET", WELL_KNOWN, key=None).status_code == 404, "it would name another identifier"


@covers("authzen.metadata-endpoints")
def test_every_endpoint_named_answers_and_no_other_is_named(world: World) -> None:
    said = world.request("GET", WELL_KNOWN, key=None).json()
    base = said.pop("policy_decision_point")
    assert said.pop("capabilities") == ["urn:openid:authzen:capability:access-request"]
    assert world.request("GET", said.pop("jwks_uri").removeprefix(base), key=None).json()["keys"]
    assert world.request("POST", said.pop("access_request_endpoint").removeprefix(base), json=GOOD).status_code == 400
    assert set(said) == {"access_evaluation_endpoint", "access_evaluations_endpoint"}
    for url in said.values():
        assert world.request("POST", url.removeprefix(base), json=GOOD).json()["decision"] is True
    for search in ("subject", "resource", "action"):
        assert world.request("POST", f"/access/v1/search/{search}", json={}).status_code == 404
