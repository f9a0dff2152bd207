"""The exception tree, drawn once.

RemitError
├── InvalidInput        the caller's input is wrong: HTTP 400, exit 2
├── Unauthenticated     no or bad credential: 401
├── Forbidden           authenticated, but may not: 403
├── NotFound            404
├── Conflict            the state does not allow it, or changed meanwhile: 409
├── Refused             a configuration or policy that cannot work: Remit does not start with it
└── Unavailable         the store, lock or log cannot be used: 503; every decision is a deny

`message` is for whoever asked; it never quotes secrets and says what to do next. An expected "no" (a deny) is a value,
not an exception.
"""


class RemitError(Exception):
    code = "remit.error"
    status = 500

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class InvalidInput(RemitError):
    code = "remit.invalid_input"
    status = 400


class Unauthenticated(RemitError):
    code = "remit.unauthenticated"
    status = 401


class Forbidden(RemitError):
    code = "remit.forbidden"
    status = 403


class NotFound(RemitError):
    code = "remit.not_found"
    status = 404


class Conflict(RemitError):
    code = "remit.conflict"
    status = 409


class Refused(RemitError):
    code = "remit.refused"


class Unavailable(RemitError):
    code = "remit.unavailable"
    status = 503
