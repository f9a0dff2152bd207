"""Agents and instances: who acts, and which state lets them."""

from remit.agents.lifecycle import AGENT_TRANSITIONS, change_agent, change_instance, may_act, new_instance, register

__all__ = ["AGENT_TRANSITIONS", "change_agent", "change_instance", "may_act", "new_instance", "register"]
