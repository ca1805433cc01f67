"""Several digits in one picture."""
