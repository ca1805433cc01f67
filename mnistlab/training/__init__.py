"""Training: loop, evaluation, and the files that a run writes."""
