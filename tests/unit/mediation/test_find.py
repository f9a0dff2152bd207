"""Who acts: what was found is kept, and found anew as soon as anything that it rests on is another."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from remit.agents import new_instance, register
from remit.decision import Judgement
from remit.mediation.find import Actors, Finder
from remit.terms import (
    BOTTOM,
    DEFAULT_TENANT,
    AgentId,
    AgentState,
    Authority,
    Bounds,
    Brief,
    Budget,
    InstanceId,
    InstanceState,
    Integrity,
    Label,
    Mission,
    MissionId,
    MissionState,
    PurposeId,
    TenantStop,
    Voucher,
    VoucherKind,
)

NOW, END = 1_000, 2_000
M = MissionId("m")


class Records:
    """The part of `State` that finding reads."""

    def __init__(self) -> None:
        agent = register(
            DEFAULT_TENANT, "a", name="", owner="ann", category="", groups=(), state=AgentState.ACTIVE, now=0
        )
        self.kept: dict[tuple[str, str], Any] = {
            ("agent", "a"): agent,
            ("instance", "i"): new_instance(DEFAULT_TENANT, InstanceId("i"), AgentId("a")),
            ("mission", "m"): mission(),
            ("brief", "m"): Brief(goal="g", authority=Authority(grants=(), compiler="c", hash="h"), salt="s"),
        }

    def __getattr__(self, kind: str) -> Callable[..., Any]:
        return lambda tenant, name="tenant": self.kept.get((kind, name))

    def change(self, kind: str, name: str, **changes: Any) -> None:
        record = self.kept[kind, name]
        self.kept[kind, name] = msgspec.structs.replace(record, version=record.version + 1, **changes)


def mission(name: str = "m", **more: Any) -> Mission:
    return Mission(
        tenant=DEFAULT_TENANT, id=MissionId(name), agent=AgentId("a"), instance=InstanceId("i"), subject="user:ann",
        purpose=PurposeId("p"), voucher=Voucher(kind=VoucherKind.PERSON, by="ann"), bounds=Bounds(), budget=Budget(),
        goal_commitment="", authority_hash="h", state=MissionState.ACTIVE, opened=0, expires=END, **more,
    )  # fmt: skip


def found(finder: Finder, mission: str | None = "m", now: int = NOW) -> Actors | Judgement:
    return finder.find(DEFAULT_TENANT, "a", None, mission, now)


def code(answer: Actors | Judgement) -> str:
    assert isinstance(answer, Judgement)
    return answer.reasons[0].code


def stopped(records: Records) -> None:
    records.kept["stop", "tenant"] = TenantStop(tenant=DEFAULT_TENANT, stopped=True, by="ann")


CHANGES: list[tuple[str, Callable[[Records], object]]] = [
    ("remit.agent_inactive", lambda records: records.change("agent", "a", state=AgentState.QUARANTINED)),
    ("remit.instance_inactive", lambda records: records.change("instance", "i", state=InstanceState.QUARANTINED)),
    ("remit.mission_inactive", lambda records: records.change("mission", "m", state=MissionState.REVOKED)),
    ("remit.mission_erased", lambda records: records.kept.pop(("brief", "m"))),
    ("remit.tenant_stopped", stopped),
]


@pytest.mark.parametrize(("reason", "change"), CHANGES)
def test_who_was_found_may_not_act_any_more(reason: str, change: Callable[[Records], object]) -> None:
    records = Records()
    finder = Finder(records)  # type: ignore[arg-type]
    first = found(finder)
    assert isinstance(first, Actors)
    assert found(finder) is first
    change(records)
    assert code(found(finder)) == reason


def test_a_mission_that_was_found_expires() -> None:
    finder = Finder(Records())  # type: ignore[arg-type]
    assert found(finder, now=END - 1) is found(finder, now=END - 1)
    assert code(found(finder, now=END)) == "remit.mission_inactive"


def test_a_label_that_was_raised_is_seen_with_its_version() -> None:
    records = Records()
    finder = Finder(records)  # type: ignore[arg-type]
    before = found(finder)
    records.change("instance", "i", label=Label(integrity=Integrity.OUTSIDE))
    after = found(finder)
    assert isinstance(before, Actors)
    assert isinstance(after, Actors)
    assert (before.instance.label, after.instance.label.integrity) == (BOTTOM, Integrity.OUTSIDE)
    assert [one for one in after.read if one not in before.read] == [("instance", "i", 2)]


def test_a_derived_mission_ends_with_the_one_that_it_derives_from() -> None:
    records = Records()
    records.kept["mission", "child"] = mission("child", parent=M, depth=1)
    records.kept["brief", "child"] = records.kept["brief", "m"]
    finder = Finder(records)  # type: ignore[arg-type]
    assert isinstance(found(finder, "child"), Actors)
    records.change("mission", "m", state=MissionState.REVOKED)
    assert code(found(finder, "child")) == "remit.mission_inactive"


def test_an_instance_that_came_into_being_is_found() -> None:
    records = Records()
    finder = Finder(records)  # type: ignore[arg-type]
    first = found(finder, None)
    records.kept["instance", "a/default"] = new_instance(DEFAULT_TENANT, InstanceId("a/default"), AgentId("a"))
    later = found(finder, None)
    assert isinstance(first, Actors)
    assert isinstance(later, Actors)
    assert (first.known_instance, later.known_instance) == (False, True)
