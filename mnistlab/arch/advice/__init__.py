"""Hints about a design: rules with reasons, each with one fix."""
