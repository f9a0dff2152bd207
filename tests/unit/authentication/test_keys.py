"""Keys: who they are, and that they stop working."""

import msgspec
import pytest

from remit.authentication import Authenticator, new_key, parse_authorization, renewed
from remit.terms import (
    DEFAULT_TENANT,
    Agent,
    AgentId,
    AgentPrincipal,
    AgentState,
    Credential,
    EnforcementPoint,
    HolderKind,
    Key,
    KeyId,
    Operator,
    OperatorId,
    PointId,
    PointPrincipal,
    TenantId,
    Unauthenticated,
)


class OneAgent:
    """A directory; `become` changes what is in it, as a commit does."""

    def __init__(self, key: Key, state: AgentState = AgentState.ACTIVE) -> None:
        self.revision = 0
        self.become(key, state)

    def become(self, key: Key, state: AgentState = AgentState.ACTIVE) -> None:
        self.revision += 1
        self._known = key
        self._agent = Agent(
            tenant=DEFAULT_TENANT, id=AgentId("a"), name="", owner="o", category="", state=state, created=1
        )

    def key(self, tenant: TenantId, key: KeyId) -> Key | None:
        return self._known if (tenant, key) == (self._known.tenant, self._known.id) else None

    def agent(self, tenant: TenantId, agent: AgentId) -> Agent | None:
        return self._agent

    def operator(self, tenant: TenantId, operator: OperatorId) -> Operator | None:
        return None

    def point(self, tenant: TenantId, point: PointId) -> EnforcementPoint | None:
        return None


KEY, SECRET = new_key(DEFAULT_TENANT, HolderKind.AGENT, "a", 1)


def ask(directory: OneAgent, secret: str = SECRET, tenant: TenantId = DEFAULT_TENANT) -> object:
    return Authenticator(directory, tenant).authenticate(Credential(scheme="bearer", value=secret))


def test_a_key_proves_its_holder() -> None:
    assert ask(OneAgent(KEY)) == AgentPrincipal(tenant=DEFAULT_TENANT, agent=AgentId("a"), key=KEY.id)


def test_the_secret_is_not_in_the_record() -> None:
    assert SECRET.rsplit("_", 1)[1] not in msgspec.json.encode(KEY).decode()


@pytest.mark.parametrize("position", range(len("remit_"), len(SECRET)))
def test_a_key_with_any_character_changed_is_refused(position: int) -> None:
    other = "0" if SECRET[position] != "0" else "1"
    with pytest.raises(Unauthenticated):
        ask(OneAgent(KEY), SECRET[:position] + other + SECRET[position + 1 :])


def test_revoked_keys_retired_holders_missing_holders_and_other_tenants_are_refused() -> None:
    with pytest.raises(Unauthenticated):
        ask(OneAgent(msgspec.structs.replace(KEY, revoked=True)))
    with pytest.raises(Unauthenticated):
        ask(OneAgent(KEY, AgentState.RETIRED))
    with pytest.raises(Unauthenticated):
        ask(OneAgent(msgspec.structs.replace(KEY, holder_kind=HolderKind.OPERATOR)))
    with pytest.raises(Unauthenticated):
        ask(OneAgent(KEY), tenant=TenantId("other"))


def test_a_quarantined_agent_still_authenticates_so_that_the_path_can_say_why_it_may_not_act() -> None:
    assert isinstance(ask(OneAgent(KEY, AgentState.QUARANTINED)), AgentPrincipal)


@pytest.mark.parametrize("header", [None, "", "Basic abc", "Bearer", "Bearer ", "remit_x"])
def test_a_header_without_a_bearer_credential_gives_none(header: str | None) -> None:
    assert parse_authorization(header) is None


def test_a_credential_does_not_show_itself() -> None:
    credential = parse_authorization(f"bearer {SECRET}")
    assert credential is not None
    assert SECRET not in repr(credential)
    assert SECRET not in str(credential)


def test_whoever_is_turned_away_is_counted_by_the_reason_and_told_no_reason() -> None:
    directory = OneAgent(KEY)
    door = Authenticator(directory, DEFAULT_TENANT)

    def refused(value: str | None) -> str:
        with pytest.raises(Unauthenticated) as caught:
            door.authenticate(None if value is None else Credential(scheme="bearer", value=value))
        return caught.value.message

    refused(None)
    refused("not a key")
    told = {refused(f"remit_{'0' * 16}_{'a' * 43}"), refused(SECRET[:-43] + "a" * 43)}
    directory.become(msgspec.structs.replace(KEY, revoked=True))
    told.add(refused(SECRET))
    told.add(refused(SECRET[:-43] + "a" * 43))
    directory.become(KEY, AgentState.RETIRED)
    told.add(refused(SECRET))
    assert len(told) == 1, "what exactly was wrong helps only who guesses"
    assert door.refused == {
        "holder retired or deactivated": 1,
        "no key": 2,
        "revoked key": 1,
        "unknown key": 1,
        "wrong secret": 2,
    }


def test_a_principal_is_renewed_as_its_holder_stands_and_not_once_its_key_or_holder_ended() -> None:
    directory = OneAgent(KEY)
    door = Authenticator(directory, DEFAULT_TENANT)
    principal = door.authenticate(Credential(scheme="bearer", value=SECRET))
    assert door.renew(principal) == principal
    directory.become(msgspec.structs.replace(KEY, revoked=True))
    with pytest.raises(Unauthenticated):
        door.renew(principal)
    directory.become(KEY, AgentState.RETIRED)
    with pytest.raises(Unauthenticated):
        door.renew(principal)
    assert door.refused == {"ended during the request": 2}


def test_a_key_that_held_before_is_refused_with_the_next_request_after_it_ended() -> None:
    directory = OneAgent(KEY)
    door = Authenticator(directory, DEFAULT_TENANT)
    credential = Credential(scheme="bearer", value=SECRET)
    principal = door.authenticate(credential)
    assert door.authenticate(credential) is principal
    for ended in ((msgspec.structs.replace(KEY, revoked=True), AgentState.ACTIVE), (KEY, AgentState.RETIRED)):
        directory.become(*ended)
        with pytest.raises(Unauthenticated):
            door.authenticate(credential)
        directory.become(KEY)
        assert door.authenticate(credential) == principal
    with pytest.raises(Unauthenticated):
        door.authenticate(Credential(scheme="bearer", value=SECRET[:-1] + "-"))


def test_what_a_holder_may_do_is_read_anew_when_it_changed() -> None:
    class OnePoint(OneAgent):
        guarded = EnforcementPoint(tenant=DEFAULT_TENANT, id=PointId("p"), servers=("a", "b"))

        def point(self, tenant: TenantId, point: PointId) -> EnforcementPoint | None:
            return self.guarded

    key, secret = new_key(DEFAULT_TENANT, HolderKind.POINT, "p", 1)
    directory = OnePoint(key)
    door = Authenticator(directory, DEFAULT_TENANT)
    credential = Credential(scheme="bearer", value=secret)
    before = door.authenticate(credential)
    directory.guarded, directory.revision = msgspec.structs.replace(directory.guarded, servers=("a",)), 9
    after = door.renew(before)
    assert isinstance(after, PointPrincipal)
    assert after.servers == ("a",)
    assert door.authenticate(credential) == after


def test_principals_of_this_process_have_no_key_that_could_be_revoked() -> None:
    for own in (
        Authenticator.embedded_point(DEFAULT_TENANT, "gateway", ("s",)),
        Authenticator.local_operator(DEFAULT_TENANT),
    ):
        assert renewed(OneAgent(KEY), own) is own
