"""The command `autoconfig`, also as `python -m autoconfig`."""

import os
import sys


def run() -> None:
    """Load and run the command line; an interruption while it loads ends the process as a later one does."""
    _open_standard_descriptors()
    try:
        from autoconfig.cli.main import run as run_command
    except KeyboardInterrupt:
        sys.stderr.write("autoconfig: interrupted\n")
        sys.exit(130)  # cli.exits.Exit.INTERRUPTED, which may not be there yet
    run_command()


def _open_standard_descriptors() -> None:
    """
    Open /dev/null for those of 0, 1 and 2 that are closed, also for child processes.

    Otherwise the next file or connection gets the number, and log lines are written into it.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one
            os.set_inheritable(null, True)


if __name__ == "__main__":
    run()
