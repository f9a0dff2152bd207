"""What an agent is told: a result as text to take in, a refusal that a model can act on.

A refusal names the rule, what the finding rests on and, when policy discloses it, the smallest change. It never quotes
arguments or results: whoever planted an instruction would otherwise speak through Remit (I12).
"""

import json
from typing import Any

from remit.gateway.upstream import Failure
from remit.terms import VERDICTS, Decision, Effect, Finding, Mode

_LONGEST = 400  # characters of one message
DECISION = "remit/decision"
OUTCOME = "remit/outcome"


def text_of(result: dict[str, Any]) -> str:
    """All text of a `CallToolResult` that a model may read: what is taken in as the outcome's content."""
    parts = [_block_text(block) for block in result.get("content") or [] if isinstance(block, dict)]
    structured = result.get("structuredContent")
    if structured is not None:
        parts.append(json.dumps(structured, ensure_ascii=False))
    return "\n".join(part for part in parts if part)


def refusal(decision: Decision, *, structured: bool) -> dict[str, Any]:
    """A deny or an ask as a `CallToolResult`.

    `structured`: whether `structuredContent` may carry the decision too; not for a tool that declares an output schema,
    against which clients check whatever stands there.
    """
    told = _told(decision)
    lines = [_headline(decision)]
    lines += [f"Rule {_plain(reason.code)}: {_plain(reason.message)}" for reason in decision.reasons]
    lines += [_finding_line(finding) for finding in decision.findings if _counts(finding)]
    if "remedy" in told:
        lines.append(f"What would change it: {told['remedy']['message']}")
    if decision.effect is not Effect.ASK:
        lines.append("The tool was not called. Calling it again unchanged gives the same answer.")
    return _error_result("\n".join(lines), {DECISION: told}, structured)


def shown(decision: Decision, result: dict[str, Any]) -> dict[str, Any]:
    """A tool's own result; in observe with a note of what enforce would have said."""
    if decision.mode is Mode.ENFORCE or decision.would is None:
        return result
    meta = result.get("_meta")
    note = {**_told(decision), "would": decision.would.value}
    return {**result, "_meta": {**(meta if isinstance(meta, dict) else {}), DECISION: note}}


def failure(decision: Decision, failed: Failure, *, structured: bool) -> dict[str, Any]:
    """No result: whether the call may be tried again is the first thing to say."""
    if failed.theirs:
        text = f"The tool's server refused the call: {failed.message}"
    elif failed.certain:
        text = f"The call was permitted but not carried out: {failed.message}. It may be tried again."
    else:
        text = (
            f"It is unknown whether the call was carried out: {failed.message}. "
            "Do not call it again blindly; first find out whether it took effect."
        )
    told = {"decision": decision.id, "status": "failed" if failed.certain else "unknown"}
    return _error_result(text, {OUTCOME: told}, structured)


def unattested(decision: Decision, *, structured: bool) -> dict[str, Any]:
    """The call was made, but what it returned could not be recorded: it is withheld (I2)."""
    text = (
        "The call was carried out, but its result could not be recorded and is withheld. "
        "Do not call it again blindly; first find out whether it took effect."
    )
    return _error_result(text, {OUTCOME: {"decision": decision.id, "status": "unknown"}}, structured)


def _error_result(text: str, told: dict[str, Any], structured: bool) -> dict[str, Any]:
    result: dict[str, Any] = {
        "resultType": "complete",
        "content": [{"type": "text", "text": text}],
        "isError": True,
        "_meta": told,
    }
    if structured:
        result["structuredContent"] = told
    return result


def _told(decision: Decision) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": decision.id,
        "outcome": decision.effect.value,
        "mode": decision.mode.value,
        "reasons": [{"code": _plain(reason.code), "message": _plain(reason.message)} for reason in decision.reasons],
    }
    if decision.remedy is not None and decision.remedy.disclosable:
        told["remedy"] = {"message": _plain(decision.remedy.message)}
    if decision.effect is Effect.ASK and decision.approval is not None:
        told["access_request"] = {"id": decision.approval, "state": "pending"}
    return told


def _headline(decision: Decision) -> str:
    if decision.effect is not Effect.ASK:
        return f"Denied by Remit (decision {decision.id})."
    return (
        f"waiting for approval {decision.approval}; call again with the same arguments after approval "
        f"(decision {decision.id}). The tool was not called."
    )


def _counts(finding: Finding) -> bool:
    """Whether a finding speaks against the call: any verdict but the best of its kind."""
    return finding.verdict != VERDICTS[finding.kind][0]


def _finding_line(finding: Finding) -> str:
    rests = ", ".join(
        _plain(f"{item.what} ({item.where})" if item.where else item.what) for item in finding.rests_on[:5]
    )
    line = f"Evidence: {finding.kind.value} is `{_plain(finding.verdict)}`: {_plain(finding.message)}"
    return f"{line} [rests on {rests}]" if rests else line


def _block_text(block: dict[str, Any]) -> str:
    if block.get("type") == "text":
        return str(block.get("text", ""))
    return json.dumps(_without_blobs(block), ensure_ascii=False)


def _without_blobs(value: dict[str, Any]) -> dict[str, Any]:
    """A block without its base64 `data` or `blob`: pictures and sound are not text."""
    return {
        name: _without_blobs(item) if isinstance(item, dict) else item
        for name, item in value.items()
        if name not in ("data", "blob")
    }


def _plain(text: str) -> str:
    """One line of printable text: no terminal escape, no line that looks like one of ours."""
    short = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    return "".join(char if char.isprintable() else "�" for char in short)
