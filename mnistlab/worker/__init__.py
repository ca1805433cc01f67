"""Who trains: processes apart from the app, and how long they take."""
