"""What happened: every run and every saved drawing. All SQL is in this package."""
