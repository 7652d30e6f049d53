"""
A real Thunderbird with a throw-away profile, told what to do from inside.

What `inside/` calls is Thunderbird's own and no interface: names of modules and elements are those of version 153.
"""

from __future__ import annotations

import base64
import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.clients.thunderbird import profile
from tests.clients.thunderbird.detection import Detection
from tests.clients.thunderbird.hub import AccountHub
from tests.clients.thunderbird.marionette import Marionette, ScriptFailed
from tests.clients.thunderbird.processes import running, until, until_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BINARY = Path("/usr/lib/thunderbird/thunderbird")
"""What Debian's shell script of the same name starts in the end."""
INSIDE = Path(__file__).parent / "inside"
WINDOW_IS_THERE = """
return window.document.documentElement.getAttribute("windowtype") == "mail:3pane" &&
  window.document.readyState == "complete" && typeof window.openAccountHub == "function";
"""


def script(name: str) -> str:
    """What runs inside Thunderbird."""
    return (INSIDE / f"{name}.js").read_text(encoding="utf-8")


class Shown(NamedTuple):
    """What the window of a message shows."""

    subject: str
    text: str
    pictures: list[int]
    """The width of each picture in the message, in pixels; 0 if it cannot be shown."""


class Thunderbird:
    """A Thunderbird that is running."""

    def __init__(self, marionette: Marionette, authority: bytes) -> None:
        self._marionette = marionette
        until("Thunderbird's window", self._window)
        self.version: str = marionette.run(script("watch"), base64.b64encode(authority).decode())
        marionette.run(script("hub"))
        marionette.run(script("letter"))

    def detect(self, way: str, address: str, mx: Mapping[str, Sequence[str]] | None = None) -> Detection:
        """
        What Thunderbird finds in one of its ways, without being shown the password.

        Args:
            way: `isp`, `exchange`, `mx`, or `discovery` for all of them.
            address: whose.
            mx: the domains that have MX records, the best first.
        """
        return Detection.read(self._marionette.run(script("detect"), way, address, mx or {}))

    def read(self, file: Path, shot: Path) -> Shown:
        """What an `.eml` file shows that is opened, with a picture of it for people to look at."""
        self._marionette.run("window.letter.open(...arguments);", str(file))
        try:
            shown = until("the message", lambda: self._marionette.run("return window.letter.shown();"))
            shot.parent.mkdir(parents=True, exist_ok=True)
            shot.write_bytes(self._marionette.screenshot())
        finally:
            self._marionette.run("window.letter.close();")
        return Shown(**shown)

    @contextlib.contextmanager
    def account_hub(self, shots: Path) -> Iterator[AccountHub]:
        """The window for a new account, with pictures of what it shows in a folder. Its accounts go with it."""
        hub = AccountHub(self._marionette, script("account"), shots)
        try:
            yield hub
        except BaseException:
            hub.shoot("failed")
            raise
        finally:
            hub.close()
            self._marionette.run(script("forget"))

    def _window(self) -> bool:
        with contextlib.suppress(ScriptFailed):  # there is none yet
            return bool(self._marionette.run(WINDOW_IS_THERE))
        return False


@contextlib.contextmanager
def started(program: str, folder: Path, proxy_port: int, authority: bytes) -> Iterator[Thunderbird]:
    """A Thunderbird in a folder of its own, which sees no network but the proxy and believes one authority more."""
    home = folder / "home"
    home.mkdir()
    profile.write(home, proxy_port)
    binary = str(BINARY if BINARY.exists() else program)
    command = [binary, "-no-remote", "-headless", "-marionette", "-remote-allow-system-access", "-profile", str(home)]
    log, port = folder / "thunderbird.log", home / "MarionetteActivePort"
    with running(command, log, environment(home)) as process:
        until_up("Thunderbird", process, log, lambda: port.exists() and port.read_text().strip() != "")
        with Marionette(int(port.read_text())) as marionette:
            yield Thunderbird(marionette, authority)


def environment(home: Path) -> dict[str, str]:
    """Ours, without a display, a proxy or a home that belongs to somebody."""
    unwanted = {"DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}
    kept = {name: value for name, value in os.environ.items() if name.upper() not in unwanted}
    size = {"MOZ_HEADLESS": "1", "MOZ_HEADLESS_WIDTH": "1100", "MOZ_HEADLESS_HEIGHT": "850"}
    places = {"HOME": str(home), "TMPDIR": str(home), "LC_ALL": "C.UTF-8"}
    return {**kept, **size, **places, "MOZ_CRASHREPORTER_DISABLE": "1", "NO_AT_BRIDGE": "1"}
