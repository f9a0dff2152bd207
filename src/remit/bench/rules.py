"""The hundred policies as peers can have them: ten that apply to the call asked about, ninety about other tools.

They mirror `world.policies`: one permits work for an active mission, nine forbid. Facts that Remit finds out by itself
are handed to them.
"""

import itertools
from collections.abc import Iterator

import msgspec

When = dict[str, tuple[str, ...]]
COUNT = 100
TOOL = "office/read_file"
_STRAY = 7  # one case in so many has a finding that forbids it


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A forbid: every fact named has one of the values."""

    id: str
    when: When


FORBIDS = (
    Rule(id="agent-may-not-act", when={"state": ("quarantined", "retired", "discovered")}),
    Rule(id="no-active-mission", when={"mission": ("suspended", "revoked", "completed", "expired")}),
    Rule(id="tool-unregistered", when={"registered": ("no",)}),
    Rule(id="evidence-missing", when={"authority": ("missing",)}),
    Rule(id="rate-exceeded", when={"rate": ("exceeded",)}),
    Rule(id="budget-exceeded", when={"budget": ("exceeded",)}),
    Rule(id="steered-outside-goal", when={"grounding": ("instruction",), "authority": ("outside", "none")}),
    Rule(id="from-outsider", when={"grounding": ("outsider",)}),
    Rule(id="leaks", when={"flow": ("leaks",)}),
)
OTHERS = COUNT - len(FORBIDS) - 1


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A question with its facts, and the right answer."""

    id: str
    agent: str
    tool: str = TOOL
    state: str = "active"
    mission: str = "active"
    registered: str = "yes"
    authority: str = "within"
    grounding: str = "goal"
    rate: str = "within"
    budget: str = "within"
    flow: str = "clear"
    permitted: bool = True

    def facts(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in FACTS}


FACTS = ("state", "mission", "registered", "authority", "grounding", "rate", "budget", "flow")


def cases(count: int | None = None) -> Iterator[Case]:
    """Distinct cases, for ever when no count is given; every seventh is forbidden by one of the rules in turn."""
    for number in itertools.count() if count is None else range(count):
        case = Case(id=f"call-{number:012d}", agent=f"agent-{number % 64:06d}")
        if number % _STRAY == 0:
            rule = FORBIDS[number // _STRAY % len(FORBIDS)]
            bad = {name: values[0] for name, values in rule.when.items()}
            case = msgspec.structs.replace(case, permitted=False, **bad)
        yield case


def cerbos() -> dict[str, str]:
    """Resource policies by file (JSON is YAML). Those about other tools are of other kinds, ten rules each."""
    applying = [
        {
            "name": "works-for-mission",
            "actions": ["call"],
            "effect": "EFFECT_ALLOW",
            "roles": ["agent"],
            "condition": {"match": {"expr": 'R.attr.mission == "active" && R.attr.authority != "none"'}},
        },
        *(_cerbos_rule(rule.id, rule.when, "call") for rule in FORBIDS),
    ]
    others = [
        _cerbos_rule(f"other-{number}", {"flow": ("tainted",), "authority": ("outside",)}, "call")
        for number in range(OTHERS)
    ]
    kinds = {"tool": applying} | {f"other-{at // 10}": others[at : at + 10] for at in range(0, OTHERS, 10)}
    return {
        f"{kind}.yaml": msgspec.json.encode(
            {
                "apiVersion": "api.cerbos.dev/v1",
                "resourcePolicy": {"resource": kind, "version": "default", "rules": own},
            }
        ).decode()
        for kind, own in kinds.items()
    }


def _cerbos_rule(id: str, when: When, action: str) -> dict[str, object]:
    tests = [f"R.attr.{name} in {msgspec.json.encode(values).decode()}" for name, values in when.items()]
    match = {"match": {"expr": " && ".join(tests)}}
    return {"name": id, "actions": [action], "effect": "EFFECT_DENY", "roles": ["agent"], "condition": match}


def rego() -> str:
    """One module. Those about other tools are told apart by the tool, which OPA indexes."""
    parts = [
        "package remit.decision",
        "default allow := false",
        'permitted if { input.mission == "active"; input.authority != "none" }',
        "allow if { permitted; count(reasons) == 0 }",
    ]
    parts += [_rego_rule(rule.id, rule.when, TOOL) for rule in FORBIDS]
    parts += [
        _rego_rule(f"other-{number}", {"flow": ("tainted",), "authority": ("outside",)}, f"department-{number}/pay")
        for number in range(OTHERS)
    ]
    return "\n\n".join(parts) + "\n"


def _rego_rule(id: str, when: When, tool: str) -> str:
    tests = "; ".join(
        f'input.{name} == "{values[0]}"'
        if len(values) == 1
        else f"input.{name} in {{{', '.join(f'{value!r}' for value in values)}}}".replace("'", '"')
        for name, values in when.items()
    )
    return f'reasons contains "{id}" if {{ input.tool == "{tool}"; {tests} }}'


def table() -> list[list[str]]:
    """Rows of tool, facts and effect for engines that only match rows: `*` fits anything. Of a rule with several
    values the first stands, which makes it cheaper than ours."""
    rows = [[TOOL, *("active" if name == "mission" else "*" for name in FACTS), "allow"]]
    for rule in FORBIDS:
        rows.append([TOOL, *(rule.when.get(name, ("*",))[0] for name in FACTS), "deny"])
    for number in range(OTHERS):
        when = {"flow": "tainted", "authority": "outside"}
        rows.append([f"department-{number}/pay", *(when.get(name, "*") for name in FACTS), "deny"])
    return rows


def rows() -> list[tuple[str, dict[str, str], bool]]:
    """Cases for engines in process, with their right answers."""
    return [(case.tool, case.facts(), case.permitted) for case in cases(_STRAY * len(FORBIDS))]


def conditions() -> list[tuple[str, str, str]]:
    """Id, condition and effect of rules in an expression language without scopes: each names its tool."""
    found = [("works-for-mission", f"tool == '{TOOL}' and mission == 'active' and authority != 'none'", "allow")]
    found += [(rule.id, _condition(TOOL, rule.when), "deny") for rule in FORBIDS]
    when: When = {"flow": ("tainted",), "authority": ("outside",)}
    return found + [(f"other-{at}", _condition(f"department-{at}/pay", when), "deny") for at in range(OTHERS)]


def _condition(tool: str, when: When) -> str:
    tests = [f"{name} in [{', '.join(repr(value) for value in values)}]" for name, values in when.items()]
    return " and ".join((f"tool == '{tool}'", *tests))
