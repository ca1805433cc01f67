"""The one kind of error whose message a user sees."""


class LabError(Exception):
    """Something a user can solve; its message says what failed and where, and what to do.

    Pages and the command line show the message as it stands. Anything else that is raised is our
    own mistake. It is no ValueError, so code that expects a ValueError of a library never takes one
    of ours for it.
    """


class CheckpointError(LabError):
    """A file that a training wrote is missing, damaged or from another program."""
