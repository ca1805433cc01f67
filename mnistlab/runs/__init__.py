"""What happened: every training, on disk."""
