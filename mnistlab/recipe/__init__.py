"""The recipe: its settings and their words, its defaults, its schedules of the learning rate."""
