"""Rules between columns: what they say, what they leave over, and how they are found.

* `sums`, `formula`, `values`: the language of rules, and what they compute;
* `leftover`: what a rule leaves to be learned: its exceptions, its remainder;
* `exact`: sums that hold to the last bit, found by hashing;
* `search`: all sorts of rules, one file each.
"""

from interfuse.kinds.table.rules.formula import Formula
from interfuse.kinds.table.rules.sums import Sum, parse_rule

__all__ = ["Formula", "Rule", "Sum", "parse_rule"]

Rule = Sum | Formula
