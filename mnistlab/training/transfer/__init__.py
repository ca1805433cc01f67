"""Training that builds on a trained network."""
