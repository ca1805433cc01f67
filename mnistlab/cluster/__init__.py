"""Runs on a Ray cluster: one dispatcher beside the store, the local worker's code on the nodes."""
