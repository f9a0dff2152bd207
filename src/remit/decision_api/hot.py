"""Call tokens at their use, and outcomes, without a framework: every call may bring one of each.

What stands around it (who asks, how much at once, what an error looks like) is the front's, the same as for decisions.
"""

from typing import TypeVar

import msgspec

from remit.decision_api.authzen import explain, read_object
from remit.decision_api.bodies import Attestation
from remit.decision_api.refusals import TokenRefusals
from remit.decision_api.services import Mediator
from remit.decision_api.token_bodies import TokenAnswer, TokenUse, UsedToken
from remit.mediation import Presented
from remit.terms import Forbidden, InvalidInput, Outcome, Principal

CONSUME = "/v1/tokens/consume"
OUTCOMES = "/v1/outcomes"
REFUSED = "remit.token_refused"

_T = TypeVar("_T")


def read_use(body: bytes) -> TokenUse:
    """The body of a use, parsed. Raises `InvalidInput`."""
    return _read(body, TokenUse)


def read_outcome(body: bytes) -> Attestation:
    """The body of an outcome, parsed. Raises `InvalidInput`."""
    return _read(body, Attestation)


def _read(body: bytes, shape: type[_T]) -> _T:
    try:
        return msgspec.convert(read_object(body), shape)
    except msgspec.ValidationError as error:
        raise InvalidInput(explain(error)) from None


async def consume(mediator: Mediator, refusals: TokenRefusals, by: Principal, sent: TokenUse) -> TokenAnswer:
    """Use up a call token: what it was for. Of any number of uses of one token at most one gets here.

    `by` must be as its key stands at this moment (I5). Raises `Forbidden` with why the token cannot be used, and what
    `Mediator.consume` raises.
    """
    presented = Presented(token=sent.token, proof=sent.proof, method=sent.method, uri=sent.uri, audience=sent.audience)
    found = await mediator.consume(by, presented)
    if isinstance(found, str):
        refusals.count(found)
        raise Forbidden(found, code=REFUSED)
    return TokenAnswer(token=msgspec.convert(found, UsedToken, from_attributes=True))


async def attest(mediator: Mediator, by: Principal, sent: Attestation) -> None:
    """Settle the reservation, and make the result known to the instance's next decision. Raises what
    `Mediator.complete` raises."""
    await mediator.complete(
        by, Outcome(decision=sent.decision, status=sent.status, content=sent.content, error=sent.error)
    )
