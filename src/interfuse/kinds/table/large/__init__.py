"""Tables of more rows than memory holds: passes over pieces, and encoded rows on a disk."""
