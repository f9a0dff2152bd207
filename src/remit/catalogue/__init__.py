"""Tools and what they do.

The claim: a tool nobody has seen before gets an operation class, its targets, sinks, content and amounts from what its
definition says, errs on the dangerous side, and is never run, fetched or believed. The limit: it reads what is written;
a definition that lies is found only where it changes, borrows a name or speaks to the model.
"""

from remit.catalogue.acts import acts_of, classes_of, mode_of, said_by, script_of, statement_of, verbs_named
from remit.catalogue.changes import Change, compare, correct
from remit.catalogue.definitions import read_mcp, read_schema, separate
from remit.catalogue.fits import fits
from remit.catalogue.hostile import imitates
from remit.catalogue.lexicon import verb_classes
from remit.catalogue.openapi import read_openapi
from remit.catalogue.shape import resolved
from remit.catalogue.unknown import unknown_tool

__all__ = [
    "Change",
    "acts_of",
    "classes_of",
    "compare",
    "correct",
    "fits",
    "imitates",
    "mode_of",
    "read_mcp",
    "read_openapi",
    "read_schema",
    "resolved",
    "said_by",
    "script_of",
    "separate",
    "statement_of",
    "unknown_tool",
    "verb_classes",
    "verbs_named",
]
