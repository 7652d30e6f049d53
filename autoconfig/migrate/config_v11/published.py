"""
Read a published document word for word: the domains and servers that every mail program gets.

Documents are compared by it. It does not use plans or `read_document`, so it can tell whether they lost anything.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import DocumentInvalid, DomainInvalid
from autoconfig.formats.xml import local_name
from autoconfig.mail.domain import to_host_name
from autoconfig.migrate.config_v11.parsing import parsed

if TYPE_CHECKING:
    from autoconfig.formats.xml import Element
    from autoconfig.mail.domain import Domain

# Names from before 2008 that programs read as today's.
_TODAY = {"plain": "password-cleartext", "secure": "password-encrypted"}
_PLACEHOLDER = re.compile("%(EMAILADDRESS|EMAILDOMAIN)%")
_BREAK = re.compile(r"(?<! ) *[\t\r\n]\s*")
_LEAVES = ("hostname", "port", "socketType", "username")


class PublishedServer(NamedTuple):
    """One server section; a missing leaf is an empty text."""

    type: str
    hostname: str
    port: str
    socket_type: str
    username: str
    authentication: tuple[str, ...]

    def of(self, domain: Domain) -> PublishedServer:
        """Fill in `domain`, as a program does; only the local part is left open."""
        values = {"EMAILADDRESS": f"%EMAILLOCALPART%@{domain}", "EMAILDOMAIN": domain.name}
        host = self.hostname.replace("%EMAILDOMAIN%", domain.name)
        # An invalid host name stays: no document of this server has one, so the two differ.
        with contextlib.suppress(DomainInvalid):
            host = to_host_name(host)
        username = _PLACEHOLDER.sub(lambda found: values[found[1]], self.username)
        return self._replace(hostname=host, username=username)

    def __str__(self) -> str:
        """For people, in the order of a plan's keys."""
        login = "+".join(self.authentication) or "no login method"
        return f"{self.type} {self.hostname} {self.port} {self.socket_type} {login} {self.username}"


class Published(NamedTuple):
    """A document's first provider, the one that programs read."""

    domains: tuple[str, ...]
    """The mail domains as written."""
    mail_hosts: tuple[str, ...]
    """Domains with `purpose="mx"`: domains of mail hosts."""
    incoming: tuple[PublishedServer, ...]
    outgoing: tuple[PublishedServer, ...]
    unread: tuple[str, ...] = ()
    """Mail domains of the document's other providers, which programs do not read."""


def read_published(body: bytes) -> Published:
    """
    Read a document word for word.

    Raises:
        DocumentInvalid: it is not such a document.
    """
    root = parsed(body)
    providers = [child for name, child in _children(root) if name == "emailProvider"]
    if local_name(root) != "clientConfig" or not providers:
        raise DocumentInvalid("it is not a <clientConfig> with an <emailProvider>")
    children = _children(providers[0])
    domains = _domains(providers[0])
    return Published(
        tuple(text for purpose, text in domains if purpose != "mx" and text),
        tuple(text for purpose, text in domains if purpose == "mx" and text),
        tuple(_endpoint(child) for name, child in children if name == "incomingServer"),
        tuple(_endpoint(child) for name, child in children if name == "outgoingServer"),
        tuple(text for other in providers[1:] for purpose, text in _domains(other) if purpose != "mx" and text),
    )


def _domains(provider: Element) -> list[tuple[str | None, str]]:
    """Each `<domain>` with its purpose."""
    children = _children(provider)
    return [(child.get("purpose"), _text(child).strip()) for name, child in children if name == "domain"]


def _endpoint(section: Element) -> PublishedServer:
    children = _children(section)
    texts = dict.fromkeys(_LEAVES, "")
    for name, child in reversed(children):  # the first one of a name counts
        if name in texts:
            texts[name] = _text(child)
    methods = [_text(child) for name, child in children if name == "authentication"]
    return PublishedServer(
        section.get("type", ""),
        texts["hostname"].strip(),
        texts["port"].strip(),
        texts["socketType"],
        texts["username"],
        tuple(dict.fromkeys(_TODAY.get(method, method) for method in methods)),
    )


def _children(parent: Element) -> list[tuple[str, Element]]:
    """Child elements with their names; a name counts in its parent's namespace, because programs know no namespaces."""
    space, brace, _ = str(parent.tag).rpartition("}")
    return [(child.tag.removeprefix(space + brace), child) for child in parent if isinstance(child.tag, str)]


def _text(element: Element) -> str:
    """The element's own text with its spaces; line breaks and tabs are layout and become spaces or are removed."""
    text = (element.text or "") + "".join(child.tail or "" for child in element)
    return _BREAK.sub(" ", text).strip() if _BREAK.search(text) else text
