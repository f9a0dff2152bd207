"""I4: nothing derived has more than what it derives from."""

from hypothesis import given
from hypothesis import strategies as st

from remit.missions import narrow_bounds, narrow_budget, reserve, settle
from remit.terms import Bounds, Budget, Confidentiality, OperationClass, Spent

names = st.none() | st.lists(st.sampled_from(["a", "b", "c"]), max_size=3, unique=True).map(tuple)
bounds = st.builds(
    Bounds,
    classes=st.none() | st.lists(st.sampled_from(list(OperationClass)), max_size=4, unique=True).map(tuple),
    servers=names,
    tools=names,
    sinks=names,
    confidentiality=st.sampled_from(list(Confidentiality)),
    ask_above=st.none() | st.floats(0, 1e6),
)
ceilings = st.none() | st.integers(0, 100)
budgets = st.builds(Budget, calls=ceilings, amount=st.none() | st.floats(0, 1e6), records=ceilings)


def within(inner: tuple[object, ...] | None, outer: tuple[object, ...] | None) -> bool:
    return outer is None or (inner is not None and set(inner) <= set(outer))


def least(inner: float | None, outer: float | None) -> bool:
    return outer is None or (inner is not None and inner <= outer)


@given(bounds, bounds)
def test_narrowed_bounds_are_within_both(a: Bounds, b: Bounds) -> None:
    both = narrow_bounds(a, b)
    for side in (a, b):
        assert within(both.classes, side.classes)
        assert within(both.servers, side.servers)
        assert within(both.tools, side.tools)
        assert within(both.sinks, side.sinks)
        assert both.confidentiality <= side.confidentiality
        assert least(both.ask_above, side.ask_above)


@given(budgets, budgets)
def test_a_narrowed_budget_is_within_both(a: Budget, b: Budget) -> None:
    both = narrow_budget(a, b)
    for side in (a, b):
        assert least(both.calls, side.calls)
        assert least(both.amount, side.amount)
        assert least(both.records, side.records)


@given(budgets, st.lists(st.builds(Spent, calls=st.integers(0, 3), amount=st.floats(0, 1e5))))
def test_reservations_never_pass_a_ceiling(budget: Budget, wanted: list[Spent]) -> None:
    spent = Spent()
    for each in wanted:
        after = reserve(budget, spent, each)
        if isinstance(after, Spent):
            spent = after
    assert least(spent.calls, budget.calls)
    assert least(spent.amount, budget.amount)


@given(st.floats(max_value=-1e-9, allow_nan=False) | st.just(float("nan")) | st.just(float("inf")))
def test_an_amount_that_is_negative_or_no_number_reserves_nothing(amount: float) -> None:
    wanted = Spent(calls=1, amount=amount)
    assert reserve(Budget(amount=100), Spent(amount=50), wanted) == "amount"
    assert reserve(Budget(), Spent(amount=50), wanted) == Spent(calls=1, amount=50)


def test_ten_tenths_are_one() -> None:
    spent = Spent()
    for _ in range(10):
        after = reserve(Budget(amount=1.0), spent, Spent(amount=0.1))
        assert isinstance(after, Spent)
        spent = after
    assert reserve(Budget(amount=1.0), spent, Spent(amount=0.0001)) == "amount"


def test_settling_gives_back_what_was_not_used() -> None:
    assert settle(Spent(calls=3, amount=30), Spent(calls=1, amount=20), Spent(calls=1)) == Spent(calls=3, amount=10)
