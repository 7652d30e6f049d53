"""A database server of a test's own: a folder, a user to run as, a process, a port."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Sequence

STARTING = 60.0
"""Seconds after which a server that does not answer is given up."""


class ServerProcess:
    """What PostgreSQL and MariaDB have in common when a test runs them."""

    def __init__(self, account: str) -> None:
        """`account`: the system user of the Debian package, as whom it runs if the tests run as root."""
        self.folder = Path(tempfile.mkdtemp(prefix="autoconfig-"))
        self.port = free_port()
        self._account = account if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None
        self.log = self.folder / "log"
        if self._account:
            user = pwd.getpwnam(self._account)
            os.chown(self.folder, user.pw_uid, user.pw_gid)

    def run(self, *command: str | Path) -> None:
        """Run a program of the package to its end."""
        found = subprocess.run(
            command, user=self._account, group=self._account, extra_groups=self._groups, cwd=self.folder,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert found.returncode == 0, found.stdout + found.stderr

    def launch(self, command: Sequence[str | Path]) -> None:
        """Start the server, and wait until it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, user=self._account, group=self._account, extra_groups=self._groups, cwd=self.folder,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        until = time.monotonic() + STARTING
        while not self.answers():
            assert self._process.poll() is None, self.log.read_text(errors="replace")
            assert time.monotonic() < until, self.log.read_text(errors="replace")
            time.sleep(0.05)

    @property
    def pid(self) -> int | None:
        """Its process, while it runs."""
        return self._process.pid if self._process is not None else None

    def answers(self) -> bool:
        """Whether clients can connect."""
        raise NotImplementedError

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the process, if it runs; its data stay."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(how)
            self._process.wait(STARTING)
            self._process = None

    def remove(self) -> None:
        """End the process, and remove everything."""
        self.stop(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _groups(self) -> list[str] | None:
        return [] if self._account else None
