"""What a network is, computed without building it; `build` and `modules` make it with PyTorch."""
