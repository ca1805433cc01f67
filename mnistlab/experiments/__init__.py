"""Questions that several runs answer: the targets, ablations, seeds, selection bias."""
