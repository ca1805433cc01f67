"""mnistlab on the command line: `python -m mnistlab --help`."""

import sys

from mnistlab.errors import LabError
from mnistlab.terminal.cli import build_parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command; exit status 0, or 2 after an error, which is one line on stderr."""
    try:
        options = build_parser().parse_args(arguments)
        return int(options.run(options) or 0)
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
    if error.filename is None or error.strerror is None:
        return str(error)
    return (
        f"{error.filename}: {error.strerror}. Check the path, its permissions and the free space."
    )


if __name__ == "__main__":
    sys.exit(main())
