"""Training in processes of their own, and estimates of how long it takes."""
