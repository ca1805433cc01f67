"""Who may change what, what a person may start, and whose run is next."""
