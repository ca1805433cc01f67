"""Searching designs and recipes within a budget: Optuna suggests, the store remembers."""
