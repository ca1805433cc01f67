"""The design page's parts."""
