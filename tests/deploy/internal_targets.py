"""Spellings of /internal/ that strangers may not reach."""

from __future__ import annotations

NAME = "autoconfig.sample.co.jp"

INTERNAL = "/internal/readyz"

TOLD = ('"status":', '"mapping":', '"alive"', "# HELP", 'action="/desk"')
"""What only the operator's pages have in them."""

# The client is on this machine, one of the server's `internal_networks`: only what Caddy holds back stays hidden here.
TARGETS = {
    "healthz": "/internal/healthz",
    "readyz": INTERNAL,
    "metrics": "/internal/metrics",
    "tls-allowed": f"/internal/tls-allowed?domain={NAME}",
    "the folder": "/internal",
    "with a slash": "/internal/",
    "API": "/api/v1/names",
    "the desk": "/desk?address=sample.co.jp",
    "the desk with a slash": "/desk/",
    "the desk, encoded": "/%64esk",
    "the desk, dot dot": "/x/../desk",
    "the desk, two slashes": "//desk",
    "the desk, upper case": "/DESK",
    "upper case": "/INTERNAL/READYZ",
    "mixed case": "/Internal/readyz",
    "two slashes": "//internal/readyz",
    "two slashes within": "/internal//readyz",
    "dot": "/./internal/readyz",
    "dot dot": "/x/../internal/readyz",
    "dot dot at the root": "/../internal/readyz",
    "dot dot within": "/internal/x/../readyz",
    "dot dot after a document": "/mail/config-v1.1.xml/../../internal/readyz",
    "encoded letter": "/%69nternal/readyz",
    "encoded slash": "/internal%2freadyz",
    "encoded slash before": "/%2finternal/readyz",
    "encoded dots": "/x/%2e%2e/internal/readyz",
    "encoded twice": "/%2569nternal/readyz",
    "backslash": "/x\\..\\internal\\readyz",
    "encoded backslash": "/%5cinternal/readyz",
    "semicolon": "/;/internal/readyz",
    "semicolon after": "/internal;x=1/readyz",
    "null": "/internal%00/readyz",
    "blank": "/%20internal/readyz",
    "newline": "/%0ainternal/readyz",
    "fullwidth": "/%ef%bd%89nternal/readyz",
    "question": "/?/../internal/readyz",
    "fragment": "/#/../internal/readyz",
    "absolute": "http://127.0.0.1/internal/readyz",
    "absolute, the inner port": "http://127.0.0.1:9123/internal/readyz",
    "absolute, a socket": "unix:/internal/readyz",
    "no slash": "internal/readyz",
    "asterisk": "*",
}
