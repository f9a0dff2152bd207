"""Bench: the real service under load, beside the bare server and its peers, in one run.

    remit bench --quick --json figures.json

Drives from outside: `remit init` and `remit up` in a directory of its own, pinned to one core; the load comes from this
process on another. Figures are of this machine at this time: only the ratios of one run say something elsewhere.
"""
