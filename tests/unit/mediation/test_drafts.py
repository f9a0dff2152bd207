"""The entry of a decision, whatever its parts hold."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from remit.audit import decode_entry, encode_entry
from remit.mediation.drafts import DecisionFacts
from remit.terms import DEFAULT_TENANT, EntryDraft, canonical
from remit.terms.entries import Facts

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
absent = st.just(UNSET)
facts = st.builds(
    DecisionFacts,
    **{
        name: st.lists(texts, max_size=3).map(tuple) if name == "reasons" else texts
        for name in ("reasons", "call_id", "effect", "evidence", "mode", "policy", "resource", "resource_type")
    },
    **{name: st.none() | texts for name in ("agent", "instance", "mission", "subject_type")},
    **dict.fromkeys(("approval", "call", "definition", "token", "would"), absent | texts),
    classes=absent | st.lists(texts, max_size=3).map(tuple),
)


def entry(of: Facts) -> EntryDraft:
    return EntryDraft(tenant=DEFAULT_TENANT, kind="decision.made", id="d_1", time=1, actor="point:p", facts=of)


@given(facts)
def test_facts_of_a_decision_are_written_in_canonical_form(of: DecisionFacts) -> None:
    data = encode_entry(3, entry(of))
    assert canonical(msgspec.json.decode(data)) == data
    assert decode_entry(data).facts == msgspec.json.decode(msgspec.json.encode(of))


def test_text_that_utf_8_cannot_hold_is_refused() -> None:
    fields = dict.fromkeys(DecisionFacts.__struct_fields__, "x")
    with pytest.raises(ValueError, match="surrogate"):
        encode_entry(3, entry(DecisionFacts(**{**fields, "classes": (), "reasons": (), "agent": "\ud800"})))  # type: ignore[arg-type]  # fields by name
