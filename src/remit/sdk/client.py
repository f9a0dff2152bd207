"""A Remit as its clients see it: the HTTP API with one key.

    async with httpx2.AsyncClient(base_url="http://127.0.0.1:8650") as http:
        answer, _ = await Client(http, key).evaluate({...})

Does not retry: whether to ask again is the caller's to decide, and a decision is only ever for one call.
"""

import re
from collections.abc import Mapping
from typing import Any

import httpx2

_DURATION = re.compile(r"path;dur=([0-9.]+)")  # Server-Timing (W3C), milliseconds


class Unreachable(Exception):
    """No answer came. Treat it as a deny."""


class ApiError(Exception):
    """Remit answered with an error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{message} ({status}, {code})")
        self.status = status
        self.code = code
        self.message = message


class Client:
    """Calls of one principal: an agent, an enforcement point or an operator."""

    def __init__(self, http: httpx2.AsyncClient, key: str) -> None:
        self._http = http
        self._headers = {"Authorization": f"Bearer {key}"}

    async def get(self, path: str, **query: str) -> dict[str, Any]:
        """The answer's JSON object. Raises `ApiError`, `Unreachable`."""
        return _object(await self._send("GET", path, params=query or None))

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer's JSON object, empty for 204. Raises `ApiError`, `Unreachable`."""
        return _object(await self._send("POST", path, json=body))

    async def evaluate(self, body: Mapping[str, Any]) -> tuple[dict[str, Any], float | None]:
        """The `context` of an AuthZEN evaluation, and the microseconds of the path if the server tells them.

        `context["outcome"]` is permit, deny or ask; anything but permit must not be carried out.
        """
        response = await self._send("POST", "/access/v1/evaluation", json=body)
        timing = _DURATION.search(response.headers.get("server-timing", ""))
        context: dict[str, Any] = _object(response)["context"]
        return context, float(timing[1]) * 1000 if timing else None

    async def _send(self, method: str, path: str, **parts: Any) -> httpx2.Response:
        try:
            response = await self._http.request(method, path, headers=self._headers, **parts)
        except httpx2.HTTPError as error:
            raise Unreachable(f"expected a Remit at {self._http.base_url}: {type(error).__name__}") from error
        if response.is_error:
            raise _error(response)
        return response


def _object(response: httpx2.Response) -> dict[str, Any]:
    value: dict[str, Any] = response.json() if response.content else {}
    return value


def _error(response: httpx2.Response) -> ApiError:
    try:
        error = response.json()["error"]
        return ApiError(response.status_code, str(error["code"]), str(error["message"]))
    except (ValueError, KeyError, TypeError):
        return ApiError(response.status_code, "remit.error", response.text[:300])
