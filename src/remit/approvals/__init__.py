"""Approvals: a person's answer to one exact call."""

from remit.approvals.desk import Desk, answer

__all__ = ["Desk", "answer"]
