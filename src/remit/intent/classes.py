"""Sets of operation classes as bits: comparing two sets is one instruction, and they are compared at every call."""

from collections.abc import Iterable

from remit.terms import HIGH_RISK, OperationClass

_BITS = {operation: 1 << place for place, operation in enumerate(OperationClass)}


def bits(classes: Iterable[OperationClass]) -> int:
    """A set of classes as one number."""
    found = 0
    for operation in classes:
        found |= _BITS[operation]
    return found


def named(found: int) -> list[str]:
    """The classes of a number, by name, in alphabetical order."""
    return sorted(operation for operation, bit in _BITS.items() if found & bit)


READ = bits((OperationClass.READ,))
CREATE = bits((OperationClass.CREATE,))
UPDATE = bits((OperationClass.UPDATE,))
DELETE = bits((OperationClass.DELETE,))
TRANSFER = bits((OperationClass.TRANSFER,))
COMMUNICATE = bits((OperationClass.COMMUNICATE,))
EXECUTE = bits((OperationClass.EXECUTE,))
ADMINISTER = bits((OperationClass.ADMINISTER,))
HIGH = bits(HIGH_RISK)
OUTWARD = COMMUNICATE | TRANSFER
ACTING = bits(OperationClass) & ~READ
EVERY = ACTING | READ
