"""The manifest and the tests are the same list."""

from tests.conformance.authzen import (
    test_certification,
    test_evaluation,
    test_evaluations,
    test_metadata,
    test_transport,
)
from tests.conformance.authzen.duties import DUTIES
from tests.conformance.requirements import covered

SUITE = (test_certification, test_evaluation, test_evaluations, test_metadata, test_transport)


def test_every_duty_has_a_test_and_every_test_names_a_duty_that_exists() -> None:
    assert covered(SUITE) == {duty.id for duty in DUTIES}


def test_every_duty_is_listed_once_with_its_source_and_a_text() -> None:
    assert len({duty.id for duty in DUTIES}) == len(DUTIES)
    assert all(duty.source and duty.text for duty in DUTIES)
