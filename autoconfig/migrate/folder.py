"""
Read a folder of published documents, such as ISPs and Mozilla's ISPDB have.

A file is for the domains in its `<domain>` elements, and for the domain in its path: `DOMAIN.xml`,
`DOMAIN/…/config-v1.1.xml`, `autoconfig.DOMAIN/…/config-v1.1.xml`. If two files differ for a domain, the one with the
domain in its path counts; if there is none, neither does.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import DocumentInvalid, DomainInvalid, InputInvalid
from autoconfig.mail.domain import Domain
from autoconfig.mapping.progress import StepCounter, silent
from autoconfig.migrate.config_v11 import MAX_OCTETS, Published, read_published
from autoconfig.migrate.source import MigrationSource, Remark, RemarkKind, SourceDocument, SourceDomain, printable, some

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autoconfig.mapping.progress import OnProgress

NAME = "autoconfig-xml"

DEPTH = 6
"""Levels of folders that are searched."""

_LIKE_A_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.([a-z]{2,63}|xn--[a-z0-9-]+)", re.ASCII)
# Parts of a path that are not a domain.
_OF_THE_PATH = {"mail", ".well-known", "autoconfig", "v1.1", "config-v1.1"}
_LOOK = 2048


class Claim(NamedTuple):
    """A file's document for a domain."""

    document: SourceDocument
    published: Published
    by_name: bool
    """Whether the domain is in the file's path, rather than in a `<domain>`."""


@dataclass
class _Found:
    """The results so far."""

    claims: dict[str, list[Claim]] = field(default_factory=dict)
    unread: dict[str, list[str]] = field(default_factory=dict)
    """Domains of a file's second provider, with the files."""
    remarks: list[Remark] = field(default_factory=list)
    files: int = 0


def read(folder: Path, on_progress: OnProgress = silent) -> MigrationSource:
    """
    Read every document below `folder`.

    Raises:
        InputInvalid: there is none.
        OSError: the folder cannot be read.
    """
    found = _Found()
    counter = StepCounter(on_progress, "reading", None)
    for path in _files(folder, found):
        _read_file(path, folder, found)
        counter.add()
    if not found.files:
        raise InputInvalid(f"{folder}: has no config-v1.1.xml, DOMAIN.xml or other document with <clientConfig>")
    entries = []
    for name, claims in found.claims.items():
        document = _decided(Domain(name), claims, found)
        if document is not None:
            entries.append(SourceDomain(Domain(name), document))
    for name, places in found.unread.items():
        if name not in found.claims:  # else that file has its servers
            problem = "is in a second <emailProvider>, which mail programs do not read"
            remedy = "put that provider into a file of its own, and run the command again"
            found.remarks.append(Remark(name, RemarkKind.LEFT_OUT, problem, remedy, some(places)))
    return MigrationSource(NAME, entries, found.remarks)


def _files(folder: Path, found: _Found) -> Iterator[Path]:
    """All files that may be documents, sorted by name."""

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
                    if real not in path:  # not a link to a folder above it
                        yield from below(place, path | {real}, depth + 1)
            except OSError as error:
                shown = printable(str(place.relative_to(folder)))
                found.remarks.append(Remark(shown, RemarkKind.LEFT_OUT, f"cannot be read: {error.strerror}"))

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
        found.remarks.append(Remark(place, RemarkKind.LEFT_OUT, f"cannot be read: {error.strerror}"))
        return
    except DocumentInvalid as error:
        found.remarks.append(Remark(place, RemarkKind.LEFT_OUT, str(error), "correct the file, or remove it"))
        return
    _claim(place, SourceDocument(place, body, body), published, found)


def _claim(place: str, document: SourceDocument, published: Published, found: _Found) -> None:
    named = dict.fromkeys(_names(published.domains, place, found))
    for name in dict.fromkeys(_names(published.unread, place, found)):
        if name not in named:
            found.unread.setdefault(name, []).append(place)
    own = _published_under(Path(place), named)
    for name in dict.fromkeys([*([own] if own else []), *named]):
        found.claims.setdefault(name, []).append(Claim(document, published, name == own))
    for text in published.mail_hosts:
        problem, remedy = f"names the mail host {printable(text)}", "write a [[host]] rule for it in plans.toml"
        found.remarks.append(Remark(own or place, RemarkKind.NOT_KEPT, problem, remedy, place))
    if not named and own is None:
        found.remarks.append(Remark(place, RemarkKind.LEFT_OUT, "names no domain", "call it DOMAIN.xml"))


def _names(texts: Sequence[str], place: str, found: _Found) -> Iterator[str]:
    """The domains that a document names; report names that are not domains."""
    for text in texts:
        try:
            yield Domain.parse(text).name
        except DomainInvalid:
            if text != "%EMAILDOMAIN%":  # the document is for many domains
                remedy = "find out which domain is meant"
                found.remarks.append(
                    Remark(printable(text[:253]), RemarkKind.LEFT_OUT, "is not a domain name", remedy, place)
                )


def _published_under(place: Path, named: dict[str, None]) -> str | None:
    """The domain in a file's path: in its own name, else in the nearest folder's."""
    if place.suffix == ".xml":
        if name := _domain_in(place.stem):
            return name
    elif (name := _domain_in(place.name)) in named:  # as in the ISPDB; other names are copies and backups
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


def _decided(domain: Domain, claims: list[Claim], found: _Found) -> SourceDocument | None:
    """The document that counts for the domain; report the others."""
    first = next((claim for claim in claims if claim.by_name), claims[0])
    others = [claim for claim in claims if claim is not first]
    different = [claim for claim in others if _servers(claim, domain) != _servers(first, domain)]
    files = some([claim.document.place for claim in claims])
    if not different:
        if others:
            problem = f"is in {len(claims)} files with the same servers"
            found.remarks.append(Remark(domain.name, RemarkKind.NOTE, problem, "", files))
        return first.document
    if not first.by_name or any(claim.by_name for claim in different):
        problem, remedy = "two files give it different servers", "remove it from all but one"
        found.remarks.append(Remark(domain.name, RemarkKind.LEFT_OUT, problem, remedy, files))
        return None
    problem = "another file gives it different servers; the one under the domain's name counts"
    found.remarks.append(
        Remark(domain.name, RemarkKind.NOT_KEPT, problem, "check whether that is the right one", files)
    )
    return first.document


def _servers(claim: Claim, domain: Domain) -> list[object]:
    return [endpoint.of(domain) for endpoint in (*claim.published.incoming, *claim.published.outgoing)]
