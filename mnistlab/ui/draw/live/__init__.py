"""Draw's answer while the pen is down, computed in the browser."""
