"""The search for rules: each sort is one file, which proposes; `ledger` verifies and keeps.

To add a sort: a file with a function that yields proposals (`ledger.Proposal`), and its line in
`SORTS` (`find`). Whatever is proposed is verified on all rows.
"""

from interfuse.kinds.table.rules.search.find import Findings, find
from interfuse.kinds.table.rules.search.ledger import Found

__all__ = ["Findings", "Found", "find"]
