"""When a rule counts, and which of several wins."""

import pytest

from remit.mediation.modes import in_force, mode_of
from remit.terms import DEFAULT_TENANT, Mode, ModeRule, TenantId

NOW = 1_000_000


def rule(what: str, mode: Mode = Mode.OBSERVE, expires: int = NOW + 1, confirmed_by: str = "bea") -> ModeRule:
    return ModeRule(tenant=DEFAULT_TENANT, id=what, mode=mode, expires=expires, by="al", confirmed_by=confirmed_by)


class Rules:
    """The part of `State` that modes read."""

    def __init__(self, *rules: ModeRule) -> None:
        self._rules = {one.id: one for one in rules}

    def mode(self, tenant: TenantId, what: str) -> ModeRule | None:
        return self._rules.get(what) if tenant == DEFAULT_TENANT else None

    def ruled(self, tenant: TenantId) -> bool:
        return tenant == DEFAULT_TENANT and bool(self._rules)


def applied(*rules: ModeRule) -> Mode:
    return mode_of(Rules(*rules), DEFAULT_TENANT, "a", "s", "s/t", NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("made", "counts"),
    [
        (rule("agent:a"), True),
        (rule("agent:a", expires=NOW), False),  # it ends on `expires`
        (rule("agent:a", confirmed_by=""), False),
        (rule("agent:a", confirmed_by="al"), False),  # by whoever asked
        (rule("agent:a", Mode.ENFORCE, confirmed_by=""), True),  # to narrow, one person is enough
        (rule("agent:a", Mode.ENFORCE, expires=NOW), False),
    ],
)
def test_a_rule_counts_while_it_lasts_and_to_observe_once_two_agreed(made: ModeRule, counts: bool) -> None:
    assert in_force(made, NOW) is counts


@pytest.mark.parametrize("what", ["agent:a", "server:s", "tool:s/t"])
def test_a_rule_for_any_of_them_applies(what: str) -> None:
    assert applied(rule(what)) is Mode.OBSERVE


@pytest.mark.parametrize("what", ["agent:b", "server:a", "tool:s/u", "agent:s"])
def test_a_rule_for_something_else_does_not(what: str) -> None:
    assert applied(rule(what)) is Mode.ENFORCE


@pytest.mark.parametrize("strict", ["agent:a", "server:s", "tool:s/t"])
def test_the_stricter_rule_wins(strict: str) -> None:
    others = [rule(what) for what in ("agent:a", "server:s", "tool:s/t") if what != strict]
    assert applied(*others, rule(strict, Mode.ENFORCE)) is Mode.ENFORCE


def test_another_tenants_rule_is_of_no_account() -> None:
    rules = Rules(rule("agent:a"))
    assert mode_of(rules, TenantId("other"), "a", "s", "s/t", NOW) is Mode.ENFORCE  # type: ignore[arg-type]
