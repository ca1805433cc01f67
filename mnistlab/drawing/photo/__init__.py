"""From a photo or a scan to gray strokes."""
