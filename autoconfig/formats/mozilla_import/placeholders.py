"""Mozilla's placeholders become slots of our patterns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from autoconfig.formats.mozilla_import.section import SectionInvalid, shown
from autoconfig.mail.pattern import Pattern

if TYPE_CHECKING:
    from autoconfig.formats.mozilla_import.section import Losses
    from autoconfig.formats.xml import Element

# As Thunderbird has it: upper case only, and what is none stays as it is.
_PLACEHOLDER = re.compile("%(EMAILADDRESS|EMAILLOCALPART|EMAILDOMAIN|REALNAME)%")
_SLOTS = {"EMAILADDRESS": "{address}", "EMAILLOCALPART": "{local}", "EMAILDOMAIN": "{domain}"}
_MISSPELT = re.compile("%?(EMAIL|REAL)-?_?(ADDRESS|LOCALPART|LOCAL|DOMAIN|NAME)%?", re.IGNORECASE)


def has_placeholder(text: str) -> bool:
    """Whether mail programs would put something in."""
    return _PLACEHOLDER.search(text) is not None


def pattern_of(text: str, element: Element, losses: Losses) -> Pattern:
    """
    The pattern that becomes what mail programs make of `text`; `element` is where it stands.

    Raises:
        SectionInvalid: a plan has no way to say it.
    """
    if "{" in text or "}" in text:
        raise SectionInvalid(f"a pattern cannot hold the braces of {shown(text)}", "make it a param, if it varies")
    if "%REALNAME%" in text:
        raise SectionInvalid("%REALNAME% is not known to the server", "use another user name")
    rest = _PLACEHOLDER.sub("", text)
    if "%" in rest and (found := _MISSPELT.search(rest)):
        losses.add(
            element,
            f"{shown(found.group())} is no placeholder; it is kept as text, as mail programs do",
            "if %EMAILADDRESS%, %EMAILLOCALPART% or %EMAILDOMAIN% was meant, write {address}, {local} or {domain}",
        )
    return Pattern.parse(_PLACEHOLDER.sub(lambda found: _SLOTS[found[1]], text))
