"""A class in the browser: joining, who a session belongs to, the board."""
