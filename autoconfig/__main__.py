"""`python -m autoconfig` is the command `autoconfig`."""

from autoconfig.cli.main import run

if __name__ == "__main__":
    run()
