"""What a person draws, and what a checkpoint predicts for it."""
