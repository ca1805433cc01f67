"""How sure a prediction is, and whether the input was a digit at all."""
