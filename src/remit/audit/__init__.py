"""The transparency log: entries, tiles, signed checkpoints, proofs and offline verification (C2SP, RFC 6962)."""

from remit.audit.checkpoints import Checkpoint, log_name, log_origin, open_checkpoint, sign_checkpoint, tenant_of
from remit.audit.commitments import commit, opens
from remit.audit.entries import Entry, decode_entry, encode_entry
from remit.audit.hashing import leaf_hash
from remit.audit.notes import Verifier, open_note, sign_note
from remit.audit.ports import EntrySource, FileStore
from remit.audit.proofs import verify_consistency, verify_inclusion
from remit.audit.report import Problem, Progress, Report
from remit.audit.sequencer import Publisher
from remit.audit.tiles import TilePath, parse_path
from remit.audit.tree import Tree
from remit.audit.verify import verify

__all__ = [
    "Checkpoint",
    "Entry",
    "EntrySource",
    "FileStore",
    "Problem",
    "Progress",
    "Publisher",
    "Report",
    "TilePath",
    "Tree",
    "Verifier",
    "commit",
    "decode_entry",
    "encode_entry",
    "leaf_hash",
    "log_name",
    "log_origin",
    "open_checkpoint",
    "open_note",
    "opens",
    "parse_path",
    "sign_checkpoint",
    "sign_note",
    "tenant_of",
    "verify",
    "verify_consistency",
    "verify_inclusion",
]
