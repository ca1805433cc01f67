"""Confidence: temperature scaling, and whether the input is a digit at all."""
