"""What figures mean: accuracies with intervals, differences with p values."""
