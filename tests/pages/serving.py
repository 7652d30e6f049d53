"""A server with the demo, as a provider with a name and a logo would have it, and the browsers that ask it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from autoconfig.cli.init import init
from tests.support import commands

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOGO = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 180 40">
<rect x="2" y="6" width="38" height="28" rx="4" fill="#1d5fa6"/>
<path d="M4 10l17 13 17-13" fill="none" stroke="#fff" stroke-width="3"/>
<text x="50" y="28" font-family="sans-serif" font-weight="700" font-size="22" fill="#1d5fa6">example</text></svg>"""

SETTINGS = """
provider_name = { ja = "例のホスティング", en = "Example Hosting" }
provider_logo = "logo.svg"
support_url = "https://www.provider.example/support"
support_phone = "03-1234-5678"
"""

# All names lead to this machine, so that `autoconfig.DOMAIN` is asked as a customer would; nothing goes elsewhere.
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * 127.0.0.1",
]

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 Version/18.6 Mobile/15E148"
ANDROID = "Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 Chrome/156.0.0.0 Mobile Safari/537.36"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.6 Safari/605.1.15"
HEIGHTS = {320: 568, 390: 664, 1280: 720}
"""How high the first screen is at a width: what browsers leave of a phone's and a small laptop's."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A server of the demo in `folder`; its port."""
    init(folder, demo=True)
    config = folder / "autoconfig.toml"
    kept = [line for line in config.read_text(encoding="utf-8").splitlines() if not line.startswith("provider_name")]
    config.write_text("\n".join(kept) + SETTINGS, encoding="utf-8")
    (folder / "logo.svg").write_bytes(LOGO)
    with commands.serving("--config", config, environment=os.environ) as port:
        yield str(port)
