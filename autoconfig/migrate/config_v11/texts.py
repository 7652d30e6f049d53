"""Read texts, pages and domains of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import DomainInvalid
from autoconfig.mail.account import Documentation, Text
from autoconfig.mail.domain import Domain
from autoconfig.mail.url import is_web_url
from autoconfig.migrate.config_v11.placeholders import has_placeholder
from autoconfig.migrate.config_v11.section import LANG, Section, described, language_of, shown, text_of
from autoconfig.plans.values import SLOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from autoconfig.formats.xml import Element
    from autoconfig.migrate.config_v11.section import Losses


def read_text(elements: Iterable[Element], longest: int | None, losses: Losses) -> Text | None:
    """Read a text in the languages of its elements, in their order; `None` if all are empty."""
    texts: dict[str, str] = {}
    for element in elements:
        text, language = text_of(element, losses, attributes=LANG), language_of(element, losses)
        if not text:
            continue
        if language in texts:
            losses.add(element, f"occurs twice in this language; this one is left out: {shown(text)}", "keep one")
            continue
        if has_placeholder(text):
            losses.add(element, f"{shown(text)} has a placeholder, which is kept as text", "write the name in full")
        if SLOT.search(text):
            losses.add(
                element, f"{shown(text)} is written without braces, which mark slots in a plan", "check how it reads"
            )
            text = SLOT.sub(r"(\1)", text)
        if longest is not None and len(text) > longest:
            losses.add(element, f"{shown(text)} is cut after {longest} characters", "write a shorter one")
        texts[language] = text[:longest]
    return Text(texts) if texts else None


def read_documentation(elements: Iterable[Element], losses: Losses) -> tuple[Documentation, ...]:
    """Read the pages that can be linked to."""
    pages: list[Documentation] = []
    for element in elements:
        url = element.get("url", "").strip()
        if is_web_url(url):
            section = Section(element, losses, attributes=("url",))
            pages.append(Documentation(url, read_text(section.take_all("descr"), None, losses)))
            section.end()
        else:
            problem = f"the page is left out, because {shown(url)} is not a URL: {described(element)}"
            losses.add(element, problem, "add it to documentation, percent-encoded")
    return tuple(pages)


def read_domains(elements: Sequence[Element], key: str, losses: Losses) -> None:
    """Report the domains, and what to do with them: the mapping has domains, plans do not."""
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
            losses.add(meant[0], f"a plan has no domains; the document has {', '.join(names)}", remedy)
