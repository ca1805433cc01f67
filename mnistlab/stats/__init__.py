"""Statistics: accuracies with confidence intervals, differences with p-values."""
