"""Quantities that a goal states, and calls that carry others."""

import pytest

from remit.intent.stated import contradicted, quantities


@pytest.mark.parametrize(
    ("goal", "stated"),
    [
        ("unlock it for 5 minutes", {"minute": {5.0}}),
        ("pay $1,200.50 to Omar", {"amount": {1200.5}}),
        ("transfer 40 eur and 60 eur", {}),  # two amounts: neither is the one
        ("book it for under 180 euros", {}),  # a bound
        ("on 2024-05-06 at 10:30, order 10-4488", {}),
        ("order 20 boxes", {"count": {20.0}}),
        ("8% off", {"percent": {8.0}}),
    ],
)
def test_only_what_is_exact_is_stated(goal: str, stated: dict[str, set[float]]) -> None:
    assert quantities(goal) == stated


@pytest.mark.parametrize(
    ("goal", "arguments"),
    [
        ("unlock it for 5 minutes", {"minutes": 600}),
        ("pay 500 kr", {"amount": 5000}),
        ("order 5 cartridges", {"lines": [{"sku": "x", "qty": 100}]}),
        ("8% off", {"discountPct": 80}),
    ],
)
def test_another_quantity_contradicts(goal: str, arguments: dict[str, object]) -> None:
    argument, _ = contradicted(quantities(goal), arguments)
    assert argument


@pytest.mark.parametrize(
    ("goal", "arguments"),
    [
        ("unlock it for 5 minutes", {"minutes": 5}),
        ("unlock it for 1.5 hours", {"minutes": 90}),  # no minutes are stated
        ("split 300 eur among 3 people", {"amount": 100}),
        ("order 3 boxes at 20 eur", {"amount": 60}),
        ("order 20 boxes", {"quantity": 1}),  # several calls may make up the number
        ("order 20 boxes", {"unit_price": 6.8, "page": 400}),
        ("pay 500 kr", {"amount": True}),
    ],
)
def test_what_follows_from_the_goal_does_not(goal: str, arguments: dict[str, object]) -> None:
    assert contradicted(quantities(goal), arguments) == ("", "")


def test_arguments_nested_without_end_end() -> None:
    nested: dict[str, object] = {"minutes": 600}
    for _ in range(100):
        nested = {"minutes": nested}
    assert contradicted(quantities("for 5 minutes"), nested) == ("", "")
