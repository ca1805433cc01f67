"""Runs and saved drawings in one SQLite file. All SQL is in this package."""
