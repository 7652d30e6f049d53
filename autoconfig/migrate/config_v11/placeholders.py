"""Turn Mozilla's placeholders into slots of patterns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from autoconfig.mail.pattern import Pattern
from autoconfig.mail.placeholders import placeholder_in
from autoconfig.migrate.config_v11.section import SectionInvalid, shown

if TYPE_CHECKING:
    from autoconfig.formats.xml import Element
    from autoconfig.migrate.config_v11.section import Losses

# As in Thunderbird: upper case only; anything else is literal text.
_PLACEHOLDER = re.compile("%(EMAILADDRESS|EMAILLOCALPART|EMAILDOMAIN|REALNAME)%")
_SLOTS = {"EMAILADDRESS": "{address}", "EMAILLOCALPART": "{local}", "EMAILDOMAIN": "{domain}"}


def has_placeholder(text: str) -> bool:
    """Whether it has a placeholder that mail programs fill."""
    return _PLACEHOLDER.search(text) is not None


def pattern_of(text: str, element: Element, losses: Losses) -> Pattern:
    """
    Make the pattern that means what mail programs make of `text`; `element` is its place.

    Raises:
        SectionInvalid: a plan cannot express it.
    """
    if "{" in text or "}" in text:
        raise SectionInvalid(f"a pattern cannot hold the braces of {shown(text)}", "make it a param, if it varies")
    if "%REALNAME%" in text:
        raise SectionInvalid("%REALNAME% is not known to the server", "use another user name")
    if found := placeholder_in(_PLACEHOLDER.sub(" ", text)):
        losses.add(
            element,
            f"{shown(found)} is not a placeholder; it is kept as text, as mail programs do",
            "if %EMAILADDRESS%, %EMAILLOCALPART% or %EMAILDOMAIN% was meant, write {address}, {local} or {domain}",
        )
    return Pattern.parse(_PLACEHOLDER.sub(lambda found: _SLOTS[found[1]], text))
