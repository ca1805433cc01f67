"""The form: a page to print, fill in and photograph, which becomes a hundred labeled drawings."""
