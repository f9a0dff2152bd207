"""Call tokens at their use, without a framework: every call that a token goes with is one of these requests.

What stands around it (who asks, how much at once, what an error looks like) is the front's, the same as for decisions.
"""

from typing import Any

import msgspec

from remit.decision_api.authzen import explain
from remit.decision_api.refusals import TokenRefusals
from remit.decision_api.services import Mediator
from remit.decision_api.token_bodies import TokenAnswer, TokenUse, UsedToken
from remit.mediation import Presented
from remit.terms import Forbidden, InvalidInput, Principal

CONSUME = "/v1/tokens/consume"
REFUSED = "remit.token_refused"


def read_use(value: Any) -> TokenUse:
    """The body of a use, parsed. Raises `InvalidInput`."""
    try:
        return msgspec.convert(value, TokenUse)
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
