"""What tools of public servers and services are read as. `readings.txt` and `held_out.txt` are tables to argue with."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from remit.catalogue import read_schema, unknown_tool, verb_classes
from remit.terms import DEFAULT_TENANT, OperationClass, ServerId, Tool

SERVER = ServerId("any")
HERE = Path(__file__).parent
Case = tuple[str, dict[str, Any], str, set[str]]


def cases(file: str) -> Iterator[Case]:
    for line in (HERE / file).read_text().splitlines():
        if line and not line.startswith("#"):
            name, arguments, description, classes = (part.strip() for part in line.split("|"))
            yield name, dict(argument(text) for text in arguments.split()), description, set(classes.split())


def argument(text: str) -> tuple[str, dict[str, Any]]:
    name, _, kind = text.partition(":")
    if name.endswith("[]"):
        return name[:-2], {"type": "array", "items": {"type": "string"}}
    return name, {"type": kind or "string"}


def reading(name: str, properties: dict[str, Any], description: str = "", **hints: bool) -> Tool:
    schema = {"type": "object", "properties": properties}
    return read_schema(DEFAULT_TENANT, SERVER, name, description, schema, hints)


@pytest.mark.parametrize("case", [*cases("readings.txt"), *cases("nouns.txt")], ids=lambda case: case[0])
def test_a_tool_is_read_as_a_reviewer_reads_it(case: Case) -> None:
    name, properties, description, classes = case
    assert {str(one) for one in reading(name, properties, description).classes} == classes


def test_most_tools_that_the_lexicon_was_not_tuned_on_are_read_exactly() -> None:
    held = list(cases("held_out.txt"))
    exact = sum({str(one) for one in reading(*case[:3]).classes} == case[3] for case in held)
    assert exact >= 0.8 * len(held)


def test_tools_of_other_trades_are_read_as_well() -> None:
    trades = list(cases("trades.txt"))
    exact = sum({str(one) for one in reading(*case[:3]).classes} == case[3] for case in trades)
    assert exact >= 0.85 * len(trades)


ALL = [case for file in ("readings.txt", "held_out.txt", "trades.txt", "nouns.txt") for case in cases(file)]


@pytest.mark.parametrize("case", ALL, ids=lambda case: case[0])
def test_what_writes_is_never_read_as_a_sure_read(case: Case) -> None:
    name, properties, description, classes = case
    read = reading(name, properties, description)
    assert classes == {"read"} or not read.sure or set(read.classes) != {OperationClass.READ}


@pytest.mark.parametrize(
    ("name", "properties", "targets", "sinks", "content", "amounts"),
    [
        ("send_email", "to[] cc[] subject body", (), ("to[]", "cc[]"), ("subject", "body"), ()),
        ("transfer_funds", "from_account to amount:number memo", ("from_account",), ("to",), ("memo",), ("amount",)),
        ("slack_post_message", "channel_id text", (), ("channel_id",), ("text",), ()),
        ("fetch", "url max_length:integer", (), ("url",), (), ()),
        ("delete_file", "path recursive:boolean", ("path",), (), (), ()),
        ("create_event", "title attendees[] start_time", (), ("attendees[]",), ("title",), ()),
        ("search_products", "query max_price:number", ("query",), (), (), ()),
        ("add_comment", "issue_id body", ("issue_id",), (), ("body",), ()),
        ("update_case", "case_id assignee body", ("case_id", "assignee"), (), ("body",), ()),
        ("set_variable", "name value", ("name", "value"), (), (), ()),
        ("pay_invoice", "iban value:number reference", (), ("iban",), ("reference",), ("value",)),
        ("close_ticket", "ticket_id resolution", ("ticket_id",), (), ("resolution",), ()),
        ("set_forwarding", "rule_id forward_to", ("rule_id",), ("forward_to",), (), ()),
        # where mail, goods or money goes from now on, and by what somebody is only found
        ("change_login_mail", "member_id new_mail", ("member_id",), ("new_mail",), (), ()),
        ("move_delivery", "parcel_no address", ("parcel_no",), ("address",), (), ()),
        ("move_stall", "stall address", ("stall", "address"), (), (), ()),
        ("divert_delivery", "parcel_no address", ("parcel_no",), ("address",), (), ()),
        ("change_home", "tenant_id street zip", ("tenant_id", "zip"), ("street",), (), ()),
        ("unlock_login", "email", ("email",), (), (), ()),
        ("update_login", "email nickname", ("email", "nickname"), (), (), ()),
        ("update_server", "server_id ip_address", ("server_id", "ip_address"), (), (), ()),
        ("add_supplier", "name iban", ("name",), ("iban",), (), ()),
        ("search_suppliers", "iban", ("iban",), (), (), ()),
        ("create_rule", "condition target", ("condition",), ("target",), (), ()),
        ("create_goal", "condition target", ("condition", "target"), (), (), ()),
        ("divert_calls", "line target_number", ("line",), ("target_number",), (), ()),
        ("change_heir", "will_no person", ("will_no",), ("person",), (), ()),
        ("hand_over_pet", "pet_id to", ("pet_id",), ("to",), (), ()),
        ("move_entry", "entry_id to", ("entry_id", "to"), (), (), ()),
        ("relay_mail", "mail_id to[]", ("mail_id",), ("to[]",), (), ()),
        ("answer_mail", "mail_id body", (), ("mail_id",), ("body",), ()),
        ("settle", "debit_account credit_account fee:number", ("debit_account",), ("credit_account",), (), ("fee",)),
        ("book_boat", "boat guests:integer note_to_crew", ("boat",), (), ("note_to_crew",), ()),
        ("share_diagnosis", "with scope", ("scope",), ("with",), (), ()),
        ("export_ledger", "month destination", (), ("destination",), (), ()),
        ("send_sms", "number text", (), ("number",), ("text",), ()),
    ],
)  # fmt: skip
def test_each_argument_has_its_part(
    name: str,
    properties: str,
    targets: tuple[str, ...],
    sinks: tuple[str, ...],
    content: tuple[str, ...],
    amounts: tuple[str, ...],
) -> None:
    read = reading(name, dict(argument(text) for text in properties.split()))
    assert (read.targets, read.sinks, read.content, read.amounts) == (targets, sinks, content, amounts)


def test_paths_lead_into_objects_and_arrays() -> None:
    flights = {"type": "array", "items": {"type": "object", "properties": {"flight_id": {"type": "string"}}}}
    contact = {"type": "object", "properties": {"email": {"type": "string", "format": "email"}}}
    read = reading("update_booking", {"flights": flights, "contact": contact})
    assert (read.targets, read.sinks) == (("flights[].flight_id",), ("contact.email",))


def test_hints_raise_the_risk_and_never_lower_it() -> None:
    plain = reading("update_page", {"page_id": {"type": "string"}})
    assert (
        OperationClass.DELETE in reading("update_page", {"page_id": {"type": "string"}}, destructiveHint=True).classes
    )
    assert reading("update_page", {"page_id": {"type": "string"}}, readOnlyHint=True).classes == plain.classes
    assert OperationClass.UPDATE in reading("get_page", {}, readOnlyHint=False).classes


def test_a_description_that_says_more_than_a_harmless_name_raises_the_risk() -> None:
    read = reading("get_status", {}, "Deletes all finished jobs.")
    assert OperationClass.DELETE in read.classes
    assert not read.sure


@pytest.mark.parametrize(
    ("name", "description", "classes"),
    [
        ("read_letter", "Open one letter and mark it as read.", {"read"}),
        ("shred_letter", "Open one letter and shred it.", {"delete"}),
        ("hire-list", "LIST. Prints the boats that are out.", {"read"}),
        ("hire-boat", "Hires a boat out.", {"create", "transfer"}),
        ("open_boat", "Opens the card page of one boat.", {"read"}),
        ("open_boat", "Opens a boat for hire.", {"create", "update"}),
        ("boat-card", "BOAT CARD. Prints what is on file for a boat.", {"read"}),
        ("print_label", "Print a label for a boat.", {"create"}),
        ("change_contact", "Change a contact.\n\nArgs:\n    contact_id: Delete or call the contact by it.", {"update"}),
        ("change_contact", "Change a contact.\n\n:param contact_id: Contact to change.", {"update"}),
    ],
)
def test_a_description_is_read_up_to_its_arguments(name: str, description: str, classes: set[str]) -> None:
    assert {str(one) for one in reading(name, {"contact_id": {"type": "string"}}, description).classes} == classes


def test_what_a_description_says_is_not_done_is_not_done() -> None:
    assert reading("get_drafts", {}, "Returns the drafts. Deletes nothing.").classes == (OperationClass.READ,)
    assert OperationClass.DELETE in reading("get_drafts", {}, "Returns the drafts. Deletes them.").classes


@pytest.mark.parametrize(
    ("name", "properties", "classes"),
    [
        ("send_replacement", "customer_id product_id", {"create", "transfer"}),
        ("send_product_info", "customer_id email", {"communicate"}),
        ("transfer_ticket", "ticket_id queue", {"update"}),
        ("transfer_to_human_agent", "summary", {"communicate"}),
        ("check_in_guest", "booking_id", {"update"}),
        ("check_in_stock", "sku", {"read"}),
        ("git_checkout", "branch", {"update"}),
        ("checkout", "cart_id", {"create", "transfer"}),
        ("reissue_card", "card_id", {"create"}),
        ("search_resorts", "city", {"read"}),
        ("hotel_reviews", "hotel", {"read"}),
        ("delete_reviews", "hotel", {"delete"}),
        ("run_payroll", "month", {"execute", "transfer"}),
        ("redeem_points", "member_id points:integer", {"update"}),
        ("stone_to_kilo", "weight:number", {"read"}),
        ("stone_to_river", "stone_id", {"read", "update", "delete", "communicate", "execute"}),
        ("post_boat_rental", "boat_id day", {"create"}),
        ("post_ferry_ticket_purchase", "ferry_id", {"create", "transfer"}),
        ("post_message_to_member", "member_id text", {"communicate"}),
        ("post_photo", "album_id", {"communicate"}),
        ("kiln.status", "kiln_id", {"read"}),
        ("deploy.logs", "service", {"read"}),
        ("kiln.fire", "kiln_id", {"execute"}),
        ("list_open_positions", "dept", {"read"}),
    ],
)
def test_what_it_acts_on_turns_the_verb(name: str, properties: str, classes: set[str]) -> None:
    described = "Open positions." if "open" in name else ""
    read = reading(name, dict(argument(text) for text in properties.split()), described)
    assert {str(one) for one in read.classes} == classes


def test_an_unknown_head_is_not_made_harmless_by_a_noun_that_is_also_a_verb() -> None:
    read = reading("raze_file_list", {"path": {"type": "string"}})
    assert {OperationClass.DELETE, OperationClass.EXECUTE} <= set(read.classes)
    assert not read.sure


@pytest.mark.parametrize(
    ("name", "properties", "outside"),
    [
        ("get_balance", "", False),
        ("get_today", "", False),
        ("get_policy", "topic", False),
        ("get_policy", "policy_number", True),
        ("read_wiki_page", "page", True),
        ("get_current_time", "timezone", False),
        ("multiply", "a:number b:number", False),
        ("get_transactions", "account", True),
        ("read_inbox", "", True),
        ("search_reviews", "query", True),
        ("fetch", "url", True),
        ("frobnicate", "", True),
        ("send_email", "to body", False),
    ],
)
def test_only_a_sure_reading_says_that_results_are_the_organisations_own(
    name: str, properties: str, outside: bool
) -> None:
    assert reading(name, dict(argument(text) for text in properties.split())).outside is outside


def test_a_tool_nobody_registered_is_judged_by_its_names_and_is_never_sure() -> None:
    paid = unknown_tool(DEFAULT_TENANT, SERVER, "wire", {"recipient": "x", "amount": 1})
    assert (paid.classes, paid.sinks, paid.amounts) == ((OperationClass.TRANSFER,), ("recipient",), ("amount",))
    assert (paid.definition_hash, paid.sure, paid.outside) == ("", False, True)
    strange = unknown_tool(DEFAULT_TENANT, SERVER, "zorble", {"list": [{"url": "x"}], "n": None})
    assert {OperationClass.EXECUTE, OperationClass.DELETE, OperationClass.COMMUNICATE} <= set(strange.classes)
    assert strange.sinks == () or strange.sinks == ("list[].url",)


def test_hostile_names_of_unregistered_tools_are_read_in_bounded_work() -> None:
    arguments: dict[str, Any] = {f"{'x' * 5000}{index}\x1b[0m": {"a": {"b": {"c": {}}}} for index in range(2000)}
    assert not unknown_tool(DEFAULT_TENANT, SERVER, "\ud800" * 10_000, arguments).sure


def test_verbs_are_known_in_any_inflection() -> None:
    assert verb_classes("deleting") == verb_classes("deleted") == verb_classes("deletes") == (OperationClass.DELETE,)
    assert verb_classes("paid") == () or OperationClass.TRANSFER in verb_classes("paid")
    assert verb_classes("xyzzy") == ()
