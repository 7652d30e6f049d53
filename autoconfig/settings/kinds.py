"""The kinds of values that several settings share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from autoconfig.settings.values import link, listed, on_dark, on_light, origin, phone, sentences, title


class PageLanguage(StrEnum):
    """The languages of the setup page."""

    JA = "ja"
    EN = "en"


Title = Annotated[str, AfterValidator(title)]
Names = Annotated[
    Annotated[Title, Tag("text")] | Annotated[dict[PageLanguage, Title], Field(min_length=1), Tag("table")],
    Discriminator(lambda value: "table" if isinstance(value, dict) else "text"),
]
"""One text, or one for each language."""
Advice = Annotated[str, AfterValidator(sentences)]
Guidance = Annotated[
    Annotated[Advice, Tag("text")] | Annotated[dict[PageLanguage, Advice], Field(min_length=1), Tag("table")],
    Discriminator(lambda value: "table" if isinstance(value, dict) else "text"),
]
"""A few sentences in one language, or in each."""
LightColour = Annotated[str, AfterValidator(on_light)]
DarkColour = Annotated[str, AfterValidator(on_dark)]
Link = Annotated[str, AfterValidator(link)]
Phone = Annotated[str, AfterValidator(phone)]
Origins = Annotated[tuple[Annotated[str, AfterValidator(origin)], ...], BeforeValidator(listed)]
"""Sites, as browsers write them in the header Origin (RFC 6454 section 6.2)."""
