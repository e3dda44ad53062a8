"""How good recommendations and drawn users are."""
