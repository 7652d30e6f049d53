"""The tables and keys of plans.toml, with their types. `reading` checks how they fit together."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    model_validator,
)

from autoconfig.mail.account import LANGUAGE, MAX_NAME, MAX_SHORT_NAME, Recommend
from autoconfig.mail.server import Login, Protocol, TLSMode
from autoconfig.mail.service import SCOPE, ServiceKind

Key = TypeVar("Key")
Value = TypeVar("Value")

Short = Annotated[str, Field(min_length=1, max_length=MAX_SHORT_NAME)]
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
Note = Annotated[str, Field(min_length=1, max_length=600)]
Language = Annotated[str, Field(pattern=f"^{LANGUAGE}$")]


def _protocol(value: object) -> Protocol | ServiceKind:
    known: dict[str, Protocol | ServiceKind] = {kind.value: kind for kind in (*Protocol, *ServiceKind)}
    if isinstance(value, str) and value in known:
        return known[value]
    raise ValueError(f"should be one of {', '.join([*Protocol, *ServiceKind])}")


def _table(value: object) -> object:
    """Check for a table, with an error in TOML's words; pydantic's speaks of dictionaries and of these classes."""
    if isinstance(value, dict):
        return value
    raise ValueError("should be a table, written [NAME] or { key = value }")


TableOf = Annotated[dict[Key, Value], BeforeValidator(_table)]


_TEXT_OR_TABLE = Discriminator(lambda value: "table" if isinstance(value, dict) else "text")
CHOICES = {"name": 1, "short_name": 1, "customer_name": 1, "params": 2}
"""Keys for which pydantic adds "text" or "table" to the place of a fault, and the index of that part."""


class Table(BaseModel):
    """A table. Unknown keys are faults, and values are not converted: 993 is a number, not a text."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _written_as_table(cls, given: object) -> object:
        return _table(given)


class ParamTable(Table):
    """`{ required = true }`: a param without a default."""

    required: Literal[True]


class ServerTable(Table):
    """One server; in a plan with `extends` every key except `protocol` may be left out."""

    protocol: Annotated[Protocol | ServiceKind, PlainValidator(_protocol)]
    url: str | None = None
    """For caldav, carddav, jmap and activesync, instead of host, port and tls."""
    principal: bool | None = None
    """Whether the URL of a caldav or carddav server is a principal's."""
    host: str | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    tls: Annotated[TLSMode, Field(strict=False)] | None = None
    login: Annotated[list[Annotated[Login, Field(strict=False)]], Field(min_length=1)] | None = None
    username: str | None = None


class OAuth2Table(Table):
    """Where clients get tokens."""

    issuer: str
    auth_url: str
    token_url: str
    scope: Annotated[list[Annotated[str, Field(min_length=1, pattern=f"^{SCOPE}$")]], Field(min_length=1)]
    client_id: Annotated[str, Field(min_length=1)] | None = None
    client_secret: Annotated[str, Field(min_length=1)] | None = None


Names = Annotated[Annotated[Name, Tag("text")] | Annotated[dict[Language, Name], Tag("table")], _TEXT_OR_TABLE]
ShortNames = Annotated[Annotated[Short, Tag("text")] | Annotated[dict[Language, Short], Tag("table")], _TEXT_OR_TABLE]
Param = Annotated[Annotated[str, Tag("text")] | Annotated[ParamTable, Tag("table")], _TEXT_OR_TABLE]


class PlanTable(Table):
    """One `[plans.KEY]`."""

    extends: str | None = None
    name: Names | None = None
    short_name: ShortNames | None = None
    customer_name: Names | None = None
    recommend: Annotated[Recommend, Field(strict=False)] = Recommend.IMAP
    documentation: list[TableOf[Language, str]] | None = None
    webmail: str | None = None
    notes: list[Annotated[TableOf[Language, Note], Field(min_length=1)]] = []
    params: TableOf[str, Param] = {}
    servers: list[ServerTable] = []
    oauth2: OAuth2Table | None = None
    redirect_url: str | None = None
    redirect_domain: str | None = None


class HostTable(Table):
    """One `[[host]]`."""

    match: str
    plan: str
