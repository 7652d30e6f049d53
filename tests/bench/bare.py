"""What any ASGI server of this kind could reach at best: one function, fixed bytes, nothing looked up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_BODY = (Path(__file__).parent.parent / "formats" / "expected" / "sample.co.jp.xml").read_bytes()
_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/xml; charset=utf-8"),
        (b"cache-control", b"public, max-age=3600, s-maxage=5"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-length", b"%d" % len(_BODY)),
    ],
}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Read a POST's body, answer with the same bytes whatever was asked."""
    if scope["method"] == "POST":
        while (await receive()).get("more_body"):
            pass
    await send(_START)
    await send({"type": "http.response.body", "body": _BODY})
