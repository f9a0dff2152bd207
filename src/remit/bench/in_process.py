"""Peers that are Python libraries: timed in a process of their own, without a server in front.

Run by file with the interpreter that has them, so nothing of ours is imported here:

    python in_process.py casbin|agt SECONDS < WORKLOAD.json

`WORKLOAD` is `{"facts": […], "table": […], "conditions": […], "cases": [[tool, {fact: value}, permitted], …]}`. Prints
one JSON object. Every case's answer is compared with the expected one before anything is timed.
"""

import importlib
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Case = tuple[str, dict[str, str], bool]


def casbin(workload: dict[str, Any]) -> Callable[[Case], bool]:
    """pycasbin with deny overriding allow; each policy is a row that the matcher compares field by field."""
    library = importlib.import_module("casbin")
    facts = workload["facts"]
    fields = ", ".join(("tool", *facts))
    matcher = " && ".join(f'(p.{name} == "*" || r.{name} == p.{name})' for name in facts)
    model = f"""
[request_definition]
r = {fields}
[policy_definition]
p = {fields}, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = r.tool == p.tool && {matcher}
"""
    with tempfile.TemporaryDirectory() as place:
        files = [Path(place) / "model.conf", Path(place) / "policy.csv"]
        files[0].write_text(model, encoding="utf-8")
        files[1].write_text("\n".join(", ".join(["p", *row]) for row in workload["table"]), encoding="utf-8")
        enforcer = library.Enforcer(*map(str, files))

    def decide(case: Case) -> bool:
        return bool(enforcer.enforce(case[0], *case[1].values()))

    return decide


def agt(workload: dict[str, Any]) -> Callable[[Case], bool]:
    """The policy engine of the Agent Governance Toolkit, denials overriding."""
    library = importlib.import_module("agentmesh.governance.policy")
    rules = [
        {"name": name, "condition": condition, "action": action} for name, condition, action in workload["conditions"]
    ]
    engine = library.PolicyEngine(conflict_strategy="deny_overrides")
    engine.load_policy(library.Policy(name="bench", agents=["*"], rules=rules, default_action="deny"))

    def decide(case: Case) -> bool:
        return bool(engine.evaluate("did:mesh:agent", {"tool": case[0], **case[1]}).allowed)

    return decide


def main() -> None:
    workload = json.load(sys.stdin)
    decide = {"casbin": casbin, "agt": agt}[sys.argv[1]](workload)
    seconds = float(sys.argv[2])
    cases: list[Case] = [tuple(case) for case in workload["cases"]]
    wrong = [case for case in cases if decide(case) is not case[2]]
    if wrong:
        print(json.dumps({"reason": f"it decides otherwise than expected: {wrong[0]}"}))
        return
    spent = []
    ends = time.perf_counter() + seconds
    for case in itertools.cycle(cases):
        before = time.perf_counter()
        decide(case)
        now = time.perf_counter()
        spent.append(now - before)
        if now > ends:
            break
    spent.sort()
    figures = {"decisions_per_s": round(len(spent) / sum(spent), 1), "p50_us": round(spent[len(spent) // 2] * 1e6, 1)}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
