"""The one kind of error that a visitor may see."""


class LabError(ValueError):
    """Something a person can mend; its message says where, what, and what to do.

    Pages and the command line show the message as it stands. Anything else that is raised is our
    own mistake.
    """
