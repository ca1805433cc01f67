"""A network in other forms: PyTorch source, a Keras summary, a JSON file."""
