"""The questions to images: which pixels are known, and how the others are drawn."""
