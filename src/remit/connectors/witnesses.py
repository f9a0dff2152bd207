"""A witness over HTTP: C2SP tlog-witness, `POST <submission prefix>/add-checkpoint`.

What is sent and what answers mean is `audit.Submission`'s. Threat: a slow, huge or redirecting answer; time and size
are bounded and redirects are not followed. Nothing secret is sent: a checkpoint is public by purpose.
"""

from collections.abc import Callable

import httpx2

from remit.audit import Checkpoint, Submission, Witness
from remit.audit.witnessing import MAX_ANSWER
from remit.terms import Unavailable

TIMEOUT = 10.0  # seconds for one request

Consistency = Callable[[int, int], list[bytes]]  # from an old size to a new one


class HttpWitness:
    """One witness; remembers per origin which size it cosigned last, and asks it when that is not known."""

    def __init__(self, url: str, key: Witness, client: httpx2.AsyncClient) -> None:
        self.name = f"witness {key.name}"
        self.key = key
        self._url = f"{url.rstrip('/')}/add-checkpoint"
        self._client = client
        self._known: dict[str, int] = {}

    async def cosign(self, note: bytes, checkpoint: Checkpoint, prove: Consistency) -> bytes:
        """The witness's signature line for `note`. Raises `RemitError` saying why there is none."""
        submission = Submission(
            self.key,
            note,
            checkpoint.size,
            lambda old: prove(old, checkpoint.size),
            self._known.get(checkpoint.origin, 0),
        )
        for _ in range(3):
            status, answer = await self._post(submission.body())
            line = submission.answered(status, answer)
            if line is not None:
                self._known[checkpoint.origin] = checkpoint.size
                return line
            self._known[checkpoint.origin] = submission.old
        raise Unavailable("it did not settle on a size")

    async def _post(self, body: bytes) -> tuple[int, bytes]:
        try:
            async with self._client.stream(
                "POST", self._url, content=body, timeout=TIMEOUT, follow_redirects=False
            ) as response:
                answer = b""
                async for part in response.aiter_bytes():
                    answer += part
                    if len(answer) > MAX_ANSWER:
                        raise Unavailable(f"it answered with more than {MAX_ANSWER} bytes")
                return response.status_code, answer
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise Unavailable(f"it cannot be reached: {type(error).__name__}") from None
