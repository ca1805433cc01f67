"""The ink in a picture: a photo or a scan becomes gray strokes."""
