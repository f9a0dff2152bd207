"""Structured logs on standard error: JSON for machines, one readable line each on a terminal.

What agents sent may stand in a log (I12): JSON is ASCII, and on a terminal every text passes `plain`. Tracebacks show
no local variables, where credentials live (I7).
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

from remit.cli.text import plain

_VALUE = 2000  # characters of one value


def configure() -> None:
    """Send our events and those of the libraries to standard error, in one form."""
    person = sys.stderr.isatty()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    handler = logging.StreamHandler(sys.stderr)
    ends: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    ends += [_visible, structlog.dev.ConsoleRenderer()] if person else [structlog.processors.JSONRenderer()]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=ends))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("remit").setLevel(logging.INFO)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _visible(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ARG001
    for key, value in event.items():
        if key == "exception" and isinstance(value, str):
            # Indented, so that a line break in an error's message does not begin what looks like another event.
            event[key] = "\n".join(f"    {plain(line, _VALUE)}" for line in value.split("\n"))
        elif not isinstance(value, (int, float, bool, type(None))):
            event[key] = plain(value, _VALUE)
    return event
