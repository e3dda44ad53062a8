"""Pictures of tables and of answers about them."""
