from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.conftest import needs
from tests.deploy.nginx import SHIPPED, Nginx, Ports
from tests.deploy.programs import PATIENCE
from tests.deploy.site import ROOT, Site, answer_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.timeout(600)  # the first test may have to install packages

OPERATOR = ROOT / "deploy" / "caddy" / "operator.caddy"
DESK, CUSTOMER = "desk.provider.example", "autoconfig.sample.co.jp"
LOGIN = 'request_header X-Remote-User "from the login"\n'
"""In place of a login that knows who is there."""
SIGNED_IN = re.compile(r'Signed in as <span translate="no">(.*?)</span>')


class Front(NamedTuple):
    """A proxy with the operator's site."""

    port: int
    trusted: str


def asked(front: Front, host: str, target: str = "/desk", *lines: str, method: str = "GET") -> tuple[int, str]:
    """The answer to a request over TLS that is sent as it stands."""
    context = ssl.create_default_context(cafile=front.trusted)
    with (
        socket.create_connection(("127.0.0.1", front.port), PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=host) as connection,
    ):
        request = [f"{method} {target} HTTP/1.1", f"Host: {host}", *lines, "Connection: close", "", ""]
        connection.sendall("\r\n".join(request).encode())
        return answer_of(connection)


def has_certificates(site: Site) -> bool:
    """Whether both names have theirs; until Caddy has signed one, a handshake fails."""
    try:
        return all(site.secured(name, "/desk").names == [name] for name in (DESK, CUSTOMER))
    except OSError:
        return False


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, caddy: str) -> Iterator[Site]:
    """A server whose settings name the header, and Caddy with the operator's site and a login."""
    made = Site(tmp_path_factory.mktemp("operator"), caddy)
    with (made.folder / "demo" / "autoconfig.toml").open("a", encoding="utf-8") as config:
        config.write('\ndesk_user_header = "X-Remote-User"\n')
    for folder in ("autoconfig.sites", "autoconfig.operator"):
        (made.folder / folder).mkdir()
    shutil.copy(OPERATOR, made.folder / "autoconfig.sites")
    try:
        made.start_server()
        made.start_caddy()
        made.caddy.wait_for("the certificates", lambda: has_certificates(made))
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def nginx(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """Nginx before the same server, with the operator's site."""
    made = Nginx(needs("nginx", "nginx"), tmp_path_factory.mktemp("nginx"), f"unix:{site.socket}", Ports.free())
    text = (SHIPPED / "operator.conf").read_text(encoding="utf-8")
    for old, new in {
        "listen 443 ssl;": f"listen 127.0.0.1:{made.ports.https} ssl;",
        "listen [::]:443 ssl;": "",
        "/var/log/nginx/": f"{made.folder}/log/",
        "/etc/nginx/certificates/": f"{made.folder}/certificates/",
    }.items():
        assert old in text
        text = text.replace(old, new)
    with (made.folder / "autoconfig.conf").open("a", encoding="utf-8") as file:
        file.write(text)
    pem = made.folder / "certificates" / f"{DESK}.pem"
    make = f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 7 -subj /CN={DESK} \
        -addext subjectAltName=DNS:{DESK},DNS:{CUSTOMER} -keyout {pem}.key -out {pem}.crt"
    subprocess.run(make.split(), check=True, capture_output=True)
    for name in (pem, pem.with_name("default.pem"), pem.with_name(f"{CUSTOMER}.pem")):
        name.write_bytes(pem.with_name(f"{pem.name}.crt").read_bytes() + pem.with_name(f"{pem.name}.key").read_bytes())
    try:
        made.begin()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module", params=["caddy", "nginx"])
def front(request: pytest.FixtureRequest, site: Site) -> Front:
    """Each proxy."""
    if request.param == "caddy":
        return Front(site.https, str(site.trusted))
    nginx: Nginx = request.getfixturevalue("nginx")
    assert nginx.ports.https is not None
    return Front(nginx.ports.https, str(nginx.folder / "certificates" / f"{DESK}.pem.crt"))


def test_own_site(front: Front) -> None:
    """The operator's site has the desk and what its page loads, and nothing else."""
    assert [asked(front, DESK, path)[0] for path in ("/desk?address=taro@sample.co.jp", "/style.css", "/page.js")] == [
        200
    ] * 3
    others = ("/", "/setup", "/internal/readyz", "/mail/config-v1.1.xml", "/desk/", "/email.mobileconfig")
    assert [asked(front, DESK, path)[0] for path in others] == [404] * len(others)


@pytest.mark.parametrize(
    "target", ["/desk", "/desk?address=taro@sample.co.jp", "/DESK", "//desk", "/%64esk", "/x/../desk"]
)
def test_customers_sites(front: Front, target: str) -> None:
    """The sites of customers' names do not have the desk, although the client is one of its networks here."""
    status, text = asked(front, CUSTOMER, target)

    assert 300 <= status < 500
    assert 'action="/desk"' not in text


@pytest.mark.parametrize("name", ["X-Remote-User", "x-remote-user", "X_Remote_User"])
def test_header(front: Front, name: str) -> None:
    """Who is at the desk never comes from the browser, nor does the address."""
    status, text = asked(front, DESK, "/desk", f"{name}: root", "X-Forwarded-For: 10.0.0.1", "Accept-Language: en")

    assert status == 200
    assert SIGNED_IN.findall(text) == []


def test_form(front: Front) -> None:
    """The page's form comes from the same site for the server too: what it lacks is the token."""
    body = ["Content-Type: application/x-www-form-urlencoded", "Content-Length: 0"]
    foreign = asked(front, DESK, "/desk", "Origin: https://evil.example", *body, method="POST")
    ours = asked(front, DESK, "/desk", f"Origin: https://{DESK}", "Sec-Fetch-Site: same-origin", *body, method="POST")

    assert (foreign[0], ours[0]) == (403, 400)  # no address


def test_login(site: Site) -> None:
    """A login of the operator's own names the person, whatever the browser says."""
    site.caddy.stop()
    (site.folder / "autoconfig.operator" / "login.caddy").write_text(LOGIN, encoding="utf-8")
    site.start_caddy()
    site.caddy.wait_for("the certificates", lambda: has_certificates(site))
    _, text = asked(Front(site.https, str(site.trusted)), DESK, "/desk", "X-Remote-User: root", "Accept-Language: en")

    assert SIGNED_IN.findall(text) == ["from the login"]


def test_valid(each_caddy: str, tmp_path: Path) -> None:
    """Both Caddys take the Caddyfile with the operator's site, and would format the site in the same way."""
    (tmp_path / "autoconfig.sites").mkdir()
    shutil.copy(OPERATOR, tmp_path / "autoconfig.sites")
    shutil.copy(ROOT / "deploy" / "caddy" / "Caddyfile", tmp_path)
    command = [each_caddy, "validate", "--config", str(tmp_path / "Caddyfile"), "--adapter", "caddyfile"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    done = subprocess.run([each_caddy, "fmt", str(OPERATOR)], capture_output=True, text=True, check=True)

    assert done.stdout == OPERATOR.read_text(encoding="utf-8")
