"""The data set: MNIST, its splits, its augmentations."""
