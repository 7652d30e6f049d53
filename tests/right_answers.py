"""Ask a server for each of its documents, with the standard library only: right_answers.py URL DOMAIN HOST"""

from __future__ import annotations

import http.client
import sys
import time
from urllib.parse import urlsplit

AUTODISCOVER = (
    '<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request>'
    "<EMailAddress>taro@{domain}</EMailAddress><AcceptableResponseSchema>"
    "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema>"
    "</Request></Autodiscover>"
)


def asked(place: str, host: str, method: str, path: str, body: str | None = None) -> tuple[int, str]:
    """The status and the body of one answer."""
    connection = http.client.HTTPConnection(place, timeout=30)
    headers = {"Host": host, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1", "Content-Type": "text/xml"}
    connection.request(method, path, body, headers)
    with connection.getresponse() as answer:
        return answer.status, answer.read().decode()


def faults(place: str, domain: str, host: str) -> list[str]:
    """Each document that is not as it should be."""
    address = f"taro@{domain}"
    wanted = [
        (f"autoconfig.{domain}", "GET", "/mail/config-v1.1.xml", None, f"<hostname>{host}</hostname>"),
        (
            f"autodiscover.{domain}",
            "POST",
            "/autodiscover/autodiscover.xml",
            AUTODISCOVER.format(domain=domain),
            f"<Server>{host}",
        ),
        (
            f"autodiscover.{domain}",
            "GET",
            f"/autodiscover/autodiscover.json?Email={address}&Protocol=AutodiscoverV1",
            None,
            '"Url"',
        ),
        (f"autoconfig.{domain}", "GET", f"/email.mobileconfig?email={address}", None, host),
        (f"ua-auto-config.{domain}", "GET", "/.well-known/user-agent-configuration.json", None, host),
        (f"autoconfig.{domain}", "GET", f"/setup?email={address}", None, host),
    ]
    found = []
    for name, method, path, body, text in wanted:
        status, answer = asked(place, name, method, path, body)
        if status != 200 or text not in answer:
            found.append(f"{method} {path} of {name}: {status} without {text!r}: {answer[:200]!r}")
    status, _ = asked(place, "autoconfig.unknown.example", "GET", "/mail/config-v1.1.xml")
    return found if status == 404 else [*found, f"an unknown domain: {status}"]


if __name__ == "__main__":
    where = urlsplit(sys.argv[1]).netloc
    for _ in range(300):
        try:
            asked(where, "autoconfig.unknown.example", "GET", "/mail/config-v1.1.xml")
            break
        except OSError:
            time.sleep(0.2)
    problems = faults(where, *sys.argv[2:])
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)
