"""Worker processes that train the queued runs, and estimates of how long that takes."""
