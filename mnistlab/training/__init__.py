"""Training: the recipe, the loop, what it saves."""
