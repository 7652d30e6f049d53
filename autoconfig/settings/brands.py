"""The tables `[[brand]]` of autoconfig.toml: other names, logos, colours and support for some customers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from autoconfig.settings.kinds import DarkColour, Guidance, LightColour, Link, Names, PageLanguage, Phone
from autoconfig.settings.values import host_pattern, param_name, title

MOST_BRANDS = 100


class BrandParam(BaseModel):
    """A param of a plan, and the value that it has for the customers of a brand."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, AfterValidator(param_name)]
    value: Annotated[str, AfterValidator(title)]


class BrandTable(BaseModel):
    """Who has the brand, and the settings that differ for them; `None`: as for everybody."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hosts: tuple[Annotated[str, AfterValidator(host_pattern)], ...] = Field(
        default=(),
        description="The host that was asked is one of these names, or below one: `*.example.jp`.",
    )
    plans: tuple[str, ...] = Field(default=(), description="The customer is on one of these plans, by their keys.")
    param: BrandParam | None = Field(
        default=None,
        description="The customer's row, or else the plan, has this value of a param: "
        '`{ name = "brand", value = "second" }`.',
    )
    provider_name: Names | None = Field(default=None, description="As the setting of this name.")
    provider_logo: Path | None = Field(default=None, description="As the setting of this name.")
    page_color: LightColour | None = Field(default=None, description="As the setting of this name.")
    page_color_dark: DarkColour | None = Field(default=None, description="As the setting of this name.")
    page_language: PageLanguage | None = Field(default=None, description="As the setting of this name.")
    support_url: Link | None = Field(default=None, description="As the setting of this name.")
    support_phone: Phone | None = Field(default=None, description="As the setting of this name.")
    password_help: Guidance | None = Field(default=None, description="As the setting of this name.")
    password_reset_url: Link | None = Field(default=None, description="As the setting of this name.")

    @model_validator(mode="after")
    def _has_customers(self) -> Self:
        if not (self.hosts or self.plans or self.param):
            raise ValueError("fits no customer: it has none of the keys hosts, plans and param")
        return self

    @property
    def look(self) -> dict[str, object]:
        """The settings that it replaces."""
        decides = {"hosts", "plans", "param"}
        values = {name: getattr(self, name) for name in type(self).model_fields if name not in decides}
        return {name: value for name, value in values.items() if value is not None}
