"""A Remit as its clients see it: the HTTP API, over a socket or in this process. Replay and demo use nothing else."""

import re
from collections.abc import Mapping
from typing import Any

import httpx

from remit.terms import Conflict, InvalidInput, Unavailable

_DURATION = re.compile(r"path;dur=([0-9.]+)")


class Client:
    """Calls of one principal. Raises `InvalidInput` for what Remit refuses, `Unavailable` when it cannot be reached."""

    def __init__(self, http: httpx.AsyncClient, key: str) -> None:
        self._http = http
        self._headers = {"Authorization": f"Bearer {key}"}

    async def get(self, path: str, **query: str) -> dict[str, Any]:
        return await self._send("GET", path, params=query)

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return await self._send("POST", path, json=body)

    async def evaluate(self, body: Mapping[str, Any]) -> tuple[dict[str, Any], float | None]:
        """The context of an AuthZEN evaluation, and the microseconds of the path if the server tells them."""
        response = await self._raw("POST", "/access/v1/evaluation", json=body)
        timing = _DURATION.search(response.headers.get("server-timing", ""))
        context: dict[str, Any] = response.json()["context"]
        return context, float(timing[1]) * 1000 if timing else None

    async def _send(self, method: str, path: str, **parts: Any) -> dict[str, Any]:
        response = await self._raw(method, path, **parts)
        return response.json() if response.content else {}

    async def _raw(self, method: str, path: str, **parts: Any) -> httpx.Response:
        try:
            response = await self._http.request(method, path, headers=self._headers, **parts)
        except httpx.HTTPError as error:
            raise Unavailable(f"expected a Remit at {self._http.base_url}: {type(error).__name__}") from None
        if response.status_code == 409:
            raise Conflict(_message(response))
        if response.is_error:
            raise InvalidInput(f"{method} {path} was answered {response.status_code}: {_message(response)}")
        return response


def _message(response: httpx.Response) -> str:
    try:
        return str(response.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return response.text[:300]
