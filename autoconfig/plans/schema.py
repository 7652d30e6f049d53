"""The tables and keys of plans.toml: names and types. What they mean together is checked in `reading`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator

from autoconfig.mail.server import Login, Protocol, TLSMode
from autoconfig.mail.service import ServiceKind

Short = Annotated[str, Field(min_length=1, max_length=20)]
Name = Annotated[str, Field(min_length=1, max_length=60)]
Note = Annotated[str, Field(min_length=1, max_length=600)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{1,8})*$")]


def _protocol(value: object) -> Protocol | ServiceKind:
    known: dict[str, Protocol | ServiceKind] = {kind.value: kind for kind in (*Protocol, *ServiceKind)}
    if isinstance(value, str) and value in known:
        return known[value]
    raise ValueError(f"should be one of {', '.join([*Protocol, *ServiceKind])}")


class Table(BaseModel):
    """Unknown keys are faults, and 993 is a number, not a text."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ParamTable(Table):
    """`{ required = true }`: a param without a default."""

    required: Literal[True]


class ServerTable(Table):
    """One server; in a plan with `extends` every key but `protocol` may be left out."""

    protocol: Annotated[Protocol | ServiceKind, PlainValidator(_protocol)]
    url: str | None = None
    """Instead of host, port and tls for caldav, carddav, jmap and activesync."""
    host: str | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    tls: Annotated[TLSMode, Field(strict=False)] | None = None
    login: Annotated[list[Annotated[Login, Field(strict=False)]], Field(min_length=1)] | None = None
    username: str | None = None


class OAuth2Table(Table):
    """Where clients get tokens from."""

    issuer: str
    auth_url: str
    token_url: str
    scope: Annotated[list[Annotated[str, Field(min_length=1, pattern=r"^[!#-[\]-~]+$")]], Field(min_length=1)]
    client_id: Annotated[str, Field(min_length=1)] | None = None
    client_secret: Annotated[str, Field(min_length=1)] | None = None


class PlanTable(Table):
    """One `[plans.KEY]`."""

    extends: str | None = None
    name: Name | dict[Language, Name] | None = None
    short_name: Short | dict[Language, Short] | None = None
    documentation: list[dict[Language, str]] | None = None
    webmail: str | None = None
    notes: list[Annotated[dict[Language, Note], Field(min_length=1)]] = []
    params: dict[str, str | ParamTable] = {}
    servers: list[ServerTable] = []
    oauth2: OAuth2Table | None = None
    redirect_url: str | None = None
    redirect_domain: str | None = None


class HostTable(Table):
    """One `[[host]]`."""

    match: str
    plan: str
