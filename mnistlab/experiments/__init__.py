"""What one asks of several runs: the article's targets, ablations, seeds, selection bias."""
