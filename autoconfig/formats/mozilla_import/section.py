"""
The elements of a document, taken out one by one.

A plan cannot hold all that such a document may say. So that nothing is dropped silently, what nobody has taken out of
an element when its reading ends is reported, and so is every comment.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from autoconfig.errors import Fault, InputInvalid
from autoconfig.formats.mozilla_import.remedies import REMEDIES, SECRET
from autoconfig.formats.xml import local_name
from autoconfig.mail.account import LANGUAGE
from autoconfig.mail.address import carriable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoconfig.formats.xml import Element

LANG = ("lang", "{http://www.w3.org/XML/1998/namespace}lang")
# A run of white space is tried from its first character only, so that a long one costs no more than its length.
_BREAK = re.compile(r"(?<!\s)\s*[\t\r\n]\s*")
_LANGUAGE = re.compile(LANGUAGE, re.ASCII)


class SectionInvalid(InputInvalid):
    """Mail programs would not use this section, or a plan cannot say what it says."""

    def __init__(self, problem: str, remedy: str) -> None:
        """What is wrong with it, and what to do."""
        self.problem, self.remedy = problem, remedy
        super().__init__(problem)


class Losses:
    """What a document says and the plan will not."""

    def __init__(self) -> None:
        self._found: list[tuple[int, Fault]] = []

    def add(self, element: Element, problem: str, remedy: str) -> None:
        """Note one, by the line where it stands."""
        line = element.sourceline or 0
        name = f", <{local_name(element)}>" if isinstance(element.tag, str) else ""
        self._found.append((line, Fault(f"line {line}{name}", problem, remedy)))

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All of them, in the order of the document."""
        return tuple(fault for _, fault in sorted(self._found, key=lambda found: found[0]))


class Section:
    """An element with elements in it."""

    def __init__(self, element: Element, losses: Losses, attributes: tuple[str, ...] = ("type",)) -> None:
        """`attributes` are those that the reader will look at."""
        self.element, self.losses = element, losses
        self._left = [child for child in element if isinstance(child.tag, str)]
        _report_attributes(element, losses, attributes)
        stray = " ".join(text for text in [element.text, *(child.tail for child in element)] if text and text.strip())
        if stray:
            losses.add(
                element, f"a text that stands between its elements: {shown(stray.strip())}", "find out its place"
            )

    @property
    def type(self) -> str:
        """Its attribute `type`."""
        return self.element.get("type", "")

    def take_all(self, *names: str) -> list[Element]:
        """All children with one of these names, in their order; a name counts in the section's own namespace."""
        taken: list[Element] = []
        left: list[Element] = []
        for child in self._left:
            (taken if name_within(child, self.element) in names else left).append(child)
        self._left = left
        return taken

    def take(self, *names: str) -> Element | None:
        """The first of them, as mail programs read it; others are reported."""
        found = self.take_all(*names)
        for other in found[1:]:
            self.losses.add(other, f"is said twice; this one is left out: {described(other)}", "keep one of them")
        return found[0] if found else None

    def text(self, name: str) -> str | None:
        """The text of a child."""
        child = self.take(name)
        return None if child is None else text_of(child, self.losses)

    def end(self) -> None:
        """Report what nobody took."""
        for child in self._left:
            report_unknown(child, self.losses, within=self.element)


def report_unknown(element: Element, losses: Losses, within: Element | None = None) -> None:
    """Note an element that a plan has no place for, with all that it says."""
    name = local_name(element) if within is None else name_within(element, within)
    problem, remedy = REMEDIES.get(name, ("a plan has no place for it", "if customers need it, say it in notes"))
    said = "" if name in SECRET else f": {described(element)}"
    losses.add(element, f"{problem}{said}", remedy)


def text_of(element: Element, losses: Losses, attributes: tuple[str, ...] = ()) -> str:
    """
    The text of a leaf, byte for byte where documents can carry it: Thunderbird keeps spaces, and so do we.

    Line breaks and tabs become spaces, for nothing that a plan says may have them; those at the ends go.
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
    """The BCP 47 code of a text, `und` where none is given."""
    given = next((element.get(name) or "" for name in LANG if name in element.attrib), "")
    head, dash, rest = given.replace("_", "-").partition("-")
    code = head.lower() + dash + rest
    if _LANGUAGE.fullmatch(code) and code != "url":  # in plans.toml the page's URL stands under that key
        return code
    if given:
        losses.add(element, f"{shown(given)} is no language code", "the text is kept without one; write ja, en, …")
    return "und"


def name_within(child: Element, parent: Element) -> str:
    """The child's name: a plain one only in its parent's namespace, for programs know names and no namespaces."""
    same = etree.QName(child).namespace == etree.QName(parent).namespace
    return local_name(child) if same else str(child.tag)


def shown(text: str) -> str:
    """Foreign text in a sentence: on one line, in quotes, with nothing that a terminal would act on."""
    return repr(_BREAK.sub(" ", text))


def described(element: Element) -> str:
    """All that an element says, on one line."""
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
