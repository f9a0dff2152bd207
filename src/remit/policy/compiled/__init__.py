"""Policies compiled to Python functions: exactly Cedar, for the path. `cedarpy` stays the reference.

    condition = compile_conditions(tree)          # cedarpy.pst.Template
    condition(context, findings, principal, resource, request)   # True, False, or one of ERRORS is raised

Limits: the scope is not looked at (the index did), and an error carries no words: the reference has Cedar's own.
"""

from remit.policy.compiled.compiler import Condition, Uncompilable, compile_conditions
from remit.policy.compiled.operators import ERRORS, Request
from remit.policy.compiled.values import Erred, Node, Uid, Value

__all__ = [
    "ERRORS",
    "Condition",
    "Erred",
    "Node",
    "Request",
    "Uid",
    "Uncompilable",
    "Value",
    "compile_conditions",
]
