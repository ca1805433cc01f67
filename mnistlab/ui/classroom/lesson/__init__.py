"""The lesson on the pages: the task, what the teacher sends to all, the vote."""
