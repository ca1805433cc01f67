"""mnistlab on the command line: `python -m mnistlab --help`."""

import sys

from mnistlab.errors import LabError
from mnistlab.terminal import console
from mnistlab.terminal.cli import build_parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command; exit status 0, or 2 after an error, which is one line on stderr."""
    console.accept_every_character()
    try:
        try:
            return _run(arguments)
        finally:
            console.flush()
    except BrokenPipeError:
        # The reader, such as `head`, has all it wants.
        console.discard(sys.stdout, sys.stderr)
        return console.BROKEN_PIPE_STATUS
    except OSError as error:
        # Standard output goes to a file on a full disk.
        console.discard(sys.stdout)
        print(f"mnistlab: {_sentence(error)}", file=sys.stderr)
        return 2


def _run(arguments: list[str] | None) -> int:
    try:
        options = build_parser().parse_args(arguments)
        return int(options.run(options) or 0)
    except BrokenPipeError:
        raise
    except LabError as error:
        print(f"mnistlab: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"mnistlab: {_sentence(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _sentence(error: OSError) -> str:
    """Where a file could not be read or written, why, and what to do."""
    if error.strerror is None:
        return str(error)
    if error.filename is None:
        return f"{error.strerror}. Check the free space."
    return (
        f"{error.filename}: {error.strerror}. Check the path, its permissions and the free space."
    )


if __name__ == "__main__":
    sys.exit(main())
