"""Parts of the Design page."""
