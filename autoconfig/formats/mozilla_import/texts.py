"""Names, pages and domains: what people read, and what the mapping will hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import DomainInvalid
from autoconfig.formats.mozilla_import.placeholders import has_placeholder
from autoconfig.formats.mozilla_import.section import LANG, Section, described, language_of, shown, text_of
from autoconfig.mail.account import Documentation, Text
from autoconfig.mail.domain import Domain
from autoconfig.mail.url import is_web_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from autoconfig.formats.mozilla_import.section import Losses
    from autoconfig.formats.xml import Element


def read_text(elements: Iterable[Element], longest: int | None, losses: Losses) -> Text | None:
    """One text in as many languages as there are elements, the first one first; `None` where no element has any."""
    texts: dict[str, str] = {}
    for element in elements:
        text, language = text_of(element, losses, attributes=LANG), language_of(element, losses)
        if not text:
            continue
        if language in texts:
            losses.add(element, f"is said twice in this language; this one is left out: {shown(text)}", "keep one")
            continue
        if has_placeholder(text):
            losses.add(element, f"{shown(text)} has a placeholder, which stays as it is", "write the name in full")
        if longest is not None and len(text) > longest:
            losses.add(element, f"{shown(text)} is cut after {longest} characters", "write a shorter one")
        texts[language] = text[:longest]
    return Text(texts) if texts else None


def read_documentation(elements: Iterable[Element], losses: Losses) -> tuple[Documentation, ...]:
    """The pages that can be linked to."""
    pages: list[Documentation] = []
    for element in elements:
        url = element.get("url", "").strip()
        if is_web_url(url):
            section = Section(element, losses, attributes=("url",))
            pages.append(Documentation(url, read_text(section.take_all("descr"), None, losses)))
            section.end()
        else:
            problem = f"the page is left out, for {shown(url)} is not a URL: {described(element)}"
            losses.add(element, problem, "add it to documentation, percent-encoded")
    return tuple(pages)


def read_domains(elements: Sequence[Element], key: str, losses: Losses) -> None:
    """Report the domains, and what to do with them: a plan names none, the mapping does."""
    for purpose, remedy in {
        None: f"put each on the plan: `autoconfig mapping set NAME --plan {key}`",
        "mx": f'for mail hosts write a [[host]] rule with plan = "{key}"',
    }.items():
        meant = [element for element in elements if (element.get("purpose") == "mx") == (purpose == "mx")]
        names: dict[str, None] = {}
        for element in meant:
            text = text_of(element, losses, attributes=("purpose",)).strip()
            try:
                names[Domain.parse(text).name] = None
            except DomainInvalid:
                losses.add(element, f"{shown(text)} is not a domain name", "find out which domain is meant")
        if names:
            losses.add(meant[0], f"a plan names no domains; here stand {', '.join(names)}", remedy)
