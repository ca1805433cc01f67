"""Network architectures as values, computed without torch; `build` and `modules` use PyTorch."""
