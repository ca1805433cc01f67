"""The parts of the handwriting test set's page."""
