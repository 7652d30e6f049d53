"""The command `autoconfig`, also as `python -m autoconfig`."""

import sys


def run() -> None:
    """Load what the command line needs, and run it; an interruption meanwhile ends as a later one does."""
    try:
        from autoconfig.cli.main import run as run_command
    except KeyboardInterrupt:
        sys.stderr.write("autoconfig: interrupted\n")
        sys.exit(130)  # cli.exits.Exit.INTERRUPTED, which may not be there yet
    run_command()


if __name__ == "__main__":
    run()
