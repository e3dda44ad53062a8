"""Images: an image is a record, its cells are pixels."""
