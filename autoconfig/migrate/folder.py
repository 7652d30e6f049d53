"""
A folder of published documents, as ISPs and Mozilla's ISPDB keep them.

A file is for the domains that its `<domain>` elements name, and for the one under whose name it is published:
`DOMAIN.xml`, `DOMAIN/…/config-v1.1.xml`, `autoconfig.DOMAIN/…/config-v1.1.xml`. Where two files say different things
for a domain, the one that is published under its name counts; where there is none, neither does.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import DocumentInvalid, DomainInvalid, InputInvalid
from autoconfig.formats.mozilla_import import MAX_OCTETS, Published, read_published
from autoconfig.mail.domain import Domain
from autoconfig.migrate.source import Document, Entry, Kind, Remark, Source, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAME = "autoconfig-xml"

DEPTH = 6
"""Folders below the one that is given, at the most."""

_LIKE_A_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.([a-z]{2,63}|xn--[a-z0-9-]+)", re.ASCII)
# Folders and files whose names say what is in them.
_OF_THE_PATH = {"mail", ".well-known", "autoconfig", "v1.1", "config-v1.1"}
_LOOK = 2048


class Claim(NamedTuple):
    """A file, and how it comes to speak for a domain."""

    document: Document
    published: Published
    by_name: bool
    """Whether it is published under the domain's name, rather than naming it."""


@dataclass
class _Found:
    """What was read so far."""

    claims: dict[str, list[Claim]] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    files: int = 0


def read(folder: Path, advance: Callable[[int], None] = lambda _files: None) -> Source:
    """
    Read every document below `folder`; `advance` is told of each.

    Raises:
        InputInvalid: there is none.
        OSError: the folder cannot be read.
    """
    found = _Found()
    for path in _files(folder, found):
        _read_file(path, folder, found)
        advance(1)
    if not found.files:
        raise InputInvalid(f"{folder}: has no config-v1.1.xml, DOMAIN.xml or other document with <clientConfig>")
    entries = []
    for name, claims in found.claims.items():
        document = _decided(Domain(name), claims, found)
        if document is not None:
            entries.append(Entry(Domain(name), document))
    return Source(NAME, entries, found.remarks)


def _files(folder: Path, found: _Found) -> Iterator[Path]:
    """All files that may be documents, in the order of their names."""

    def below(current: Path, path: frozenset[str], depth: int) -> Iterator[Path]:
        with os.scandir(current) as entries:
            children = sorted(entries, key=lambda entry: entry.name)
        for child in children:
            place = current / child.name
            if child.name.startswith(".") and child.name != ".well-known":
                continue
            try:
                if child.is_file():
                    yield place
                elif child.is_dir() and depth < DEPTH:
                    real = os.path.realpath(place)
                    if real not in path:  # a link to a folder in which it is
                        yield from below(place, path | {real}, depth + 1)
            except OSError as error:
                shown = printable(str(place.relative_to(folder)))
                found.remarks.append(Remark(shown, Kind.LEFT_OUT, f"cannot be read: {error.strerror}"))

    yield from below(folder, frozenset({os.path.realpath(folder)}), 1)


def _read_file(path: Path, folder: Path, found: _Found) -> None:
    place = printable(str(path.relative_to(folder)))
    try:
        with path.open("rb") as opened:
            start = opened.read(_LOOK)
            if path.suffix != ".xml" and b"<clientConfig" not in start:
                return
            body = start + opened.read(MAX_OCTETS + 1 - len(start))
        found.files += 1
        published = read_published(body)
    except OSError as error:
        found.files += 1
        found.remarks.append(Remark(place, Kind.LEFT_OUT, f"cannot be read: {error.strerror}"))
        return
    except DocumentInvalid as error:
        found.remarks.append(Remark(place, Kind.LEFT_OUT, str(error), "correct the file, or remove it"))
        return
    _claim(place, Document(place, body, body), published, found)


def _claim(place: str, document: Document, published: Published, found: _Found) -> None:
    named: dict[str, None] = {}
    for text in published.domains:
        try:
            named[Domain.parse(text).name] = None
        except DomainInvalid:
            if text != "%EMAILDOMAIN%":  # a document that is published for many domains
                remedy = "find out which domain is meant"
                found.remarks.append(Remark(printable(text[:253]), Kind.LEFT_OUT, "is no domain name", remedy, place))
    own = _published_under(Path(place), named)
    for name in dict.fromkeys([*([own] if own else []), *named]):
        found.claims.setdefault(name, []).append(Claim(document, published, name == own))
    for text in published.mail_hosts:
        problem, remedy = f"names the mail host {printable(text)}", "write a [[host]] rule for it in plans.toml"
        found.remarks.append(Remark(own or place, Kind.NOT_KEPT, problem, remedy, place))
    if not named and own is None:
        found.remarks.append(Remark(place, Kind.LEFT_OUT, "names no domain", "call it DOMAIN.xml"))


def _published_under(place: Path, named: dict[str, None]) -> str | None:
    """The domain in a file's path: of its own name, else of the nearest folder."""
    if place.suffix == ".xml":
        if name := _domain_in(place.stem):
            return name
    elif (name := _domain_in(place.name)) in named:  # as the ISPDB is published; others are copies and backups
        return name
    return next((name for part in reversed(place.parts[:-1]) if (name := _domain_in(part))), None)


def _domain_in(text: str) -> str | None:
    if text in _OF_THE_PATH:
        return None
    try:
        name = Domain.parse(text).name.removeprefix("autoconfig.")
    except DomainInvalid:
        return None
    return name if _LIKE_A_NAME.fullmatch(name) else None


def _decided(domain: Domain, claims: list[Claim], found: _Found) -> Document | None:
    """The document that counts for the domain; what the others say is reported."""
    first = next((claim for claim in claims if claim.by_name), claims[0])
    others = [claim for claim in claims if claim is not first]
    different = [claim for claim in others if _servers(claim, domain) != _servers(first, domain)]
    files = ", ".join(claim.document.place for claim in claims)
    if not different:
        if others:
            problem = f"stands in {len(claims)} files with the same servers"
            found.remarks.append(Remark(domain.name, Kind.NOTE, problem, "", files))
        return first.document
    if not first.by_name or any(claim.by_name for claim in different):
        problem, remedy = "two files give it different servers", "remove it from all but one"
        found.remarks.append(Remark(domain.name, Kind.LEFT_OUT, problem, remedy, files))
        return None
    problem = "another file gives it different servers; the one under the domain's name counts"
    found.remarks.append(Remark(domain.name, Kind.NOT_KEPT, problem, "see whether that is the right one", files))
    return first.document


def _servers(claim: Claim, domain: Domain) -> list[object]:
    return [endpoint.of(domain) for endpoint in (*claim.published.incoming, *claim.published.outgoing)]
