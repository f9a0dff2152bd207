"""Exit codes, and expected failures as one line on standard error.

0 done · 1 a "no" (a deny, a verification that failed) · 2 the input or configuration is wrong, or was refused ·
3 the server, store or log cannot be used now.
"""

import sys

from remit.cli.text import plain
from remit.terms import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    Refused,
    RemitError,
    Unauthenticated,
    Unavailable,
)

NO = 1
WRONG = 2
UNAVAILABLE = 3
_LINE = 4000  # a policy's problems may be long; a screen is not

_BY_STATUS: dict[int, type[RemitError]] = {
    400: InvalidInput,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    503: Unavailable,
}


def exit_code(error: RemitError) -> int:
    wrong = (InvalidInput, Unauthenticated, Forbidden, NotFound, Conflict, Refused)
    return WRONG if isinstance(error, wrong) else UNAVAILABLE


def report(error: RemitError) -> None:
    """What went wrong and what to do; several problems of a policy stand on a line each."""
    for line in error.message.split("\n"):
        print(f"remit: {plain(line, _LINE)}", file=sys.stderr)


def from_answer(status: int, body: object) -> RemitError:
    """The server's error as ours; access requests answer with problem details (RFC 9457)."""
    detail = body.get("error") if isinstance(body, dict) else None
    if detail is None and isinstance(body, dict) and "detail" in body:
        detail = {"message": body["detail"], "code": body.get("code")}
    if not isinstance(detail, dict) or not isinstance(detail.get("message"), str):
        return Unavailable(f"the server answered with status {status} and no reason; is that address a Remit's?")
    code = detail.get("code")
    kind = Refused if code == Refused.code else _BY_STATUS.get(status, Unavailable)
    return kind(detail["message"], code=code if isinstance(code, str) else None)
