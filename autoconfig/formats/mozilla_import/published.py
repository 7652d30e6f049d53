"""
What a published document says word for word: its domains and its servers, as every mail program is given them.

Two documents can be compared by it. It knows nothing of plans and shares no judgement with `read_document`, so that it
can tell whether something was lost between the two.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import DocumentInvalid, DomainInvalid
from autoconfig.formats.mozilla_import.parsing import parsed
from autoconfig.formats.xml import local_name
from autoconfig.mail.domain import to_host_name

if TYPE_CHECKING:
    from autoconfig.formats.xml import Element
    from autoconfig.mail.domain import Domain

# Words of before 2008 that programs take for today's (reference, section on `authentication`).
_TODAY = {"plain": "password-cleartext", "secure": "password-encrypted"}
_PLACEHOLDER = re.compile("%(EMAILADDRESS|EMAILDOMAIN)%")
_BREAK = re.compile(r"(?<! ) *[\t\r\n]\s*")
_LEAVES = ("hostname", "port", "socketType", "username")


class Endpoint(NamedTuple):
    """One server section; a leaf that is not there is an empty text."""

    type: str
    hostname: str
    port: str
    socket_type: str
    username: str
    authentication: tuple[str, ...]

    def of(self, domain: Domain) -> Endpoint:
        """What a program makes of it for `domain`: only the part before the @ is left open."""
        values = {"EMAILADDRESS": f"%EMAILLOCALPART%@{domain}", "EMAILDOMAIN": domain.name}
        host = self.hostname.replace("%EMAILDOMAIN%", domain.name)
        # What is no host name stays as it stands: no document of ours has such a host, so that the two differ.
        with contextlib.suppress(DomainInvalid):
            host = to_host_name(host)
        username = _PLACEHOLDER.sub(lambda found: values[found[1]], self.username)
        return self._replace(hostname=host, username=username)

    def __str__(self) -> str:
        """For people, in the order in which plans have it."""
        login = "+".join(self.authentication) or "no login method"
        return f"{self.type} {self.hostname} {self.port} {self.socket_type} {login} {self.username}"


class Published(NamedTuple):
    """A document's first provider, which is the one that programs read."""

    domains: tuple[str, ...]
    """The mail domains as they are written."""
    mail_hosts: tuple[str, ...]
    """Domains with `purpose="mx"`: names of mail hosts."""
    incoming: tuple[Endpoint, ...]
    outgoing: tuple[Endpoint, ...]


def read_published(body: bytes) -> Published:
    """
    Read a document word for word.

    Raises:
        DocumentInvalid: it is no such document.
    """
    root = parsed(body)
    providers = [child for name, child in _children(root) if name == "emailProvider"]
    if local_name(root) != "clientConfig" or not providers:
        raise DocumentInvalid("it is no <clientConfig> with an <emailProvider>")
    children = _children(providers[0])
    domains = [(child.get("purpose"), _text(child).strip()) for name, child in children if name == "domain"]
    return Published(
        tuple(text for purpose, text in domains if purpose != "mx" and text),
        tuple(text for purpose, text in domains if purpose == "mx" and text),
        tuple(_endpoint(child) for name, child in children if name == "incomingServer"),
        tuple(_endpoint(child) for name, child in children if name == "outgoingServer"),
    )


def _endpoint(section: Element) -> Endpoint:
    children = _children(section)
    texts = dict.fromkeys(_LEAVES, "")
    for name, child in reversed(children):  # the first of a name counts
        if name in texts:
            texts[name] = _text(child)
    methods = [_text(child) for name, child in children if name == "authentication"]
    return Endpoint(
        section.get("type", ""),
        texts["hostname"].strip(),
        texts["port"].strip(),
        texts["socketType"],
        texts["username"],
        tuple(dict.fromkeys(_TODAY.get(method, method) for method in methods)),
    )


def _children(parent: Element) -> list[tuple[str, Element]]:
    """Its elements by name; a name counts in the parent's own namespace, as programs know names and no namespaces."""
    space, brace, _ = str(parent.tag).rpartition("}")
    return [(child.tag.removeprefix(space + brace), child) for child in parent if isinstance(child.tag, str)]


def _text(element: Element) -> str:
    """Its own text with spaces kept; line breaks and tabs, which are layout, become spaces or go."""
    text = (element.text or "") + "".join(child.tail or "" for child in element)
    return _BREAK.sub(" ", text).strip() if _BREAK.search(text) else text
