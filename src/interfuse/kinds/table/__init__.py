"""Tables: a row is a record, its cells are codes and numbers."""
