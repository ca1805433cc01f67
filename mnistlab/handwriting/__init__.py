"""Labeled drawings saved as a test set, and checkpoints scored on them."""
