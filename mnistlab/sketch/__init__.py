"""What a person draws, and what a network reads in it."""
