"""Pen strokes as MNIST's own images, and synthetic handwriting made of such strokes."""
