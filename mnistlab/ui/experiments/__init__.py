"""The experiments page's parts."""
