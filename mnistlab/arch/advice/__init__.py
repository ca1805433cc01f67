"""Advice about a design: rules with reasons, each with one fix where a single change helps."""
