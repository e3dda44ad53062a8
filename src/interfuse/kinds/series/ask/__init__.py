"""The questions to series: which steps are known, and the order in which the others are drawn."""
