"""
Take the elements of a document one by one.

A plan cannot have everything that a document may have. Nothing is dropped silently: elements that were not taken when
the reading of their parent ends are reported, and so is every comment.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from autoconfig.errors import Fault, InputInvalid
from autoconfig.formats.xml import local_name
from autoconfig.mail.account import LANGUAGE
from autoconfig.mail.address import carriable
from autoconfig.migrate.config_v11.remedies import REMEDIES, SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoconfig.formats.xml import Element

LANG = ("lang", "{http://www.w3.org/XML/1998/namespace}lang")
# Match a run of white space from its first character only, so that a long one takes linear time.
_BREAK = re.compile(r"(?<!\s)\s*[\t\r\n]\s*")
_LANGUAGE = re.compile(LANGUAGE, re.ASCII)


class SectionInvalid(InputInvalid):
    """Mail programs would not use this section, or a plan cannot express it."""

    def __init__(self, problem: str, remedy: str) -> None:
        """`problem` is what is wrong, `remedy` what to do."""
        self.problem, self.remedy = problem, remedy
        super().__init__(problem)


class Losses:
    """What a document has and the plan does not keep."""

    def __init__(self) -> None:
        self._found: list[tuple[int, Fault]] = []

    def add(self, element: Element, problem: str, remedy: str) -> None:
        """Add one, with its line."""
        line = element.sourceline or 0
        name = f", <{local_name(element)}>" if isinstance(element.tag, str) else ""
        self._found.append((line, Fault(f"line {line}{name}", problem, remedy)))

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All losses, in the order of the document."""
        return tuple(fault for _, fault in sorted(self._found, key=lambda found: found[0]))


class Section:
    """An element with child elements."""

    def __init__(self, element: Element, losses: Losses, attributes: tuple[str, ...] = ("type",)) -> None:
        """`attributes` are the ones that are read."""
        self.element, self.losses = element, losses
        self._left = [child for child in element if isinstance(child.tag, str)]
        _report_attributes(element, losses, attributes)
        stray = " ".join(text for text in [element.text, *(child.tail for child in element)] if text and text.strip())
        if stray:
            losses.add(element, f"text between its elements: {shown(stray.strip())}", "find out where it belongs")

    @property
    def type(self) -> str:
        """Its attribute `type`."""
        return self.element.get("type", "")

    def take_all(self, *names: str) -> list[Element]:
        """Take all children with one of these names, in order; a name counts in the section's own namespace."""
        taken: list[Element] = []
        left: list[Element] = []
        for child in self._left:
            (taken if name_within(child, self.element) in names else left).append(child)
        self._left = left
        return taken

    def take(self, *names: str) -> Element | None:
        """Take the first one, as mail programs do; report the others."""
        found = self.take_all(*names)
        for other in found[1:]:
            self.losses.add(other, f"occurs twice; this one is left out: {described(other)}", "keep one of them")
        return found[0] if found else None

    def text(self, name: str) -> str | None:
        """Take the text of a child."""
        child = self.take(name)
        return None if child is None else text_of(child, self.losses)

    def end(self) -> None:
        """Report the elements that were not taken."""
        for child in self._left:
            report_unknown(child, self.losses, within=self.element)


def report_unknown(element: Element, losses: Losses, within: Element | None = None) -> None:
    """Report an element that a plan cannot have, with all its contents."""
    name = local_name(element) if within is None else name_within(element, within)
    problem, remedy = REMEDIES.get(name, ("a plan has no place for it", "if customers need it, write it into notes"))
    said = "" if name in SECRET else f": {described(element)}"
    losses.add(element, f"{problem}{said}", remedy)


def text_of(element: Element, losses: Losses, attributes: tuple[str, ...] = ()) -> str:
    """
    The text of a leaf, byte for byte if documents can carry it: Thunderbird keeps spaces too.

    Line breaks and tabs become spaces, because a plan's texts may not have them; those at the ends are removed.
    """
    _report_attributes(element, losses, attributes)
    pieces = [element.text or ""]
    for child in element:
        if isinstance(child.tag, str):
            report_unknown(child, losses)
        pieces.append(child.tail or "")
    text = "".join(pieces)
    return text if carriable(text) else " ".join(text.split())


def language_of(element: Element, losses: Losses) -> str:
    """The BCP 47 code of a text; `und` if none is given."""
    given = next((element.get(name) or "" for name in LANG if name in element.attrib), "")
    head, dash, rest = given.replace("_", "-").partition("-")
    code = head.lower() + dash + rest
    if _LANGUAGE.fullmatch(code) and code != "url":  # plans.toml uses that key for the page's URL
        return code
    if given:
        losses.add(element, f"{shown(given)} is not a language code", "the text is kept without one; write ja, en, …")
    return "und"


def name_within(child: Element, parent: Element) -> str:
    """The child's name; with its namespace if that is not its parent's, because programs know no namespaces."""
    same = etree.QName(child).namespace == etree.QName(parent).namespace
    return local_name(child) if same else str(child.tag)


def shown(text: str) -> str:
    """Quote foreign text for a sentence: on one line, without control characters."""
    return repr(_BREAK.sub(" ", text))


def described(element: Element) -> str:
    """All contents of an element on one line."""
    return ", ".join(_said(element)) or "(empty)"


def _said(element: Element) -> Iterator[str]:
    for node in element.iter(etree.Element):
        name = "" if node is element else f"{local_name(node)} "
        if local_name(node) in SECRET:
            yield f"{name}(not shown)"
            continue
        yield from (f"{name}{attribute}={shown(str(value))}" for attribute, value in node.attrib.items())
        if (text := node.text) and text.strip():
            yield f"{name}{shown(text.strip())}"


def _report_attributes(element: Element, losses: Losses, known: tuple[str, ...]) -> None:
    for name, value in element.attrib.items():
        if name not in known:
            losses.add(element, f"its attribute {name}={shown(str(value))} is left out", "no mail program needs it")
