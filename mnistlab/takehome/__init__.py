"""A trained network as files that work without mnistlab: HTML, ONNX, PyTorch source."""
