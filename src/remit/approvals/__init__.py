"""Approvals: a person's answer to one exact call."""

from remit.approvals.desk import Desk, answer, drivers

__all__ = ["Desk", "answer", "drivers"]
