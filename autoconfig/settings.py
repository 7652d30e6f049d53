"""
One table of settings. `autoconfig.toml` gives them, `AUTOCONFIG_NAME` in the environment overrides each, and what is
read is never changed. docs/settings.md is held against this table by a test.
"""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
import zoneinfo
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, ValidationError

from autoconfig.colours import DARK, LIGHT, NEEDED, contrast, is_colour
from autoconfig.errors import SettingsInvalid
from autoconfig.mail.address import carriable
from autoconfig.mail.domain import is_host_name
from autoconfig.mail.url import is_https_url, is_web_url

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "AUTOCONFIG_"
FILE_NAME = "autoconfig.toml"
FILE_VARIABLE = "AUTOCONFIG_CONFIG"

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class PlainHTTP(StrEnum):
    """What a request for Mozilla's document without TLS gets."""

    SERVE = "serve"
    REDIRECT = "redirect"
    REFUSE = "refuse"


class PageLanguage(StrEnum):
    """The languages of the pages for people."""

    JA = "ja"
    EN = "en"


class LogFormat(StrEnum):
    """How log lines are written."""

    CONSOLE = "console"
    JSON = "json"


def _listed(value: object) -> object:
    """In the environment a list is written with commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _network(value: object) -> object:
    return ipaddress.ip_network(value) if isinstance(value, str) else value


def _https(value: str) -> str:
    if not is_https_url(value):
        raise ValueError("is not an https URL in ASCII")
    return value.rstrip("/")


def _zone(value: str) -> str:
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("is not a name from the IANA time zone database, such as Asia/Tokyo") from error
    return value


def _reverse_dns(value: str) -> str:
    if not is_host_name(value.lower()) or "." not in value:
        raise ValueError("is not a name in reverse DNS order, such as jp.example.mail")
    return value


def _title(value: str) -> str:
    if not value.strip() or len(value) > 60 or not carriable(value):
        raise ValueError("is empty, longer than 60 characters, or has control characters")
    return value


def _link(value: str) -> str:
    if not is_web_url(value):
        raise ValueError("is not a URL in ASCII; write a whole one, https://…")
    return value


def _phone(value: str) -> str:
    if not re.fullmatch(r"\+?[0-9](?:[ ()-]?[0-9()]){4,24}", value):
        raise ValueError("is not a telephone number: digits with spaces, hyphens and brackets between them")
    return value


def _on_light(value: str) -> str:
    return _readable(value, LIGHT, "light", "darker")


def _on_dark(value: str) -> str:
    return _readable(value, DARK, "dark", "lighter")


def _readable(value: str, background: str, theme: str, other: str) -> str:
    """Links are written in this colour (WCAG 2.2, 1.4.3)."""
    if not is_colour(value):
        raise ValueError("is not a colour of the form #1a2b3c")
    ratio = contrast(value, background)
    if ratio < NEEDED:
        raise ValueError(
            f"cannot be read on the {theme} page: its contrast is {ratio:.1f} and has to be {NEEDED}; make it {other}"
        )
    return value.lower()


Title = Annotated[str, AfterValidator(_title)]
Names = Annotated[
    Annotated[Title, Tag("text")] | Annotated[dict[PageLanguage, Title], Field(min_length=1), Tag("table")],
    Discriminator(lambda value: "table" if isinstance(value, dict) else "text"),
]
"""One text, or one a language."""
Networks = Annotated[tuple[Annotated[Network, BeforeValidator(_network)], ...], BeforeValidator(_listed)]


class Settings(BaseModel):
    """All settings, checked. Relative paths have been made absolute, from the folder of autoconfig.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database: str = Field(
        default="sqlite:///mapping.db",
        description="Where the mapping is: a database URL. A relative SQLite path is relative to autoconfig.toml.",
    )
    plans: Path = Field(default=Path("plans.toml"), description="The file with the plans.")
    state_dir: Path = Field(
        default=Path("state"),
        description="Folder for what the server keeps: the last good copy of the plans, and where it listens.",
    )
    public_url: Annotated[str, AfterValidator(_https)] = Field(
        default="https://autoconfig.invalid",
        description="The https address under which everyone reaches this server; redirects name it, not the Host.",
    )
    default_plan: str | None = Field(
        default=None,
        description="The plan of every domain that has no row and matches no host rule; without it they are unknown.",
    )
    timezone: Annotated[str, AfterValidator(_zone)] = Field(
        default="UTC", description="IANA time zone of times that are written without an offset."
    )
    profile_identifier: Annotated[str, AfterValidator(_reverse_dns)] = Field(
        default="invalid.autoconfig",
        description="Names Apple profiles, in reverse DNS order: equal on all nodes, never to be changed.",
    )
    profile_key: Path | None = Field(
        default=None,
        description="Private key that signs Apple profiles: PEM, RSA or elliptic curve, without a passphrase. "
        "Without it they are not signed.",
    )
    profile_certificate: Path | None = Field(
        default=None,
        description="The certificate of `profile_key`, with its chain: PEM. Read again when it is renewed.",
    )
    profile_chain: Path | None = Field(
        default=None, description="The certificate's chain, where it is in a file of its own: PEM."
    )
    plain_http: PlainHTTP = Field(
        default=PlainHTTP.SERVE,
        description="What Mozilla's document gets that is asked for without TLS: serve, redirect, refuse.",
    )
    trusted_proxies: Networks = Field(
        default=(ipaddress.ip_network("127.0.0.1/32"), ipaddress.ip_network("::1/128")),
        description="Networks whose X-Forwarded-For and X-Forwarded-Proto are believed; a Unix socket's always are.",
    )
    internal_networks: Networks = Field(
        default=(ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")),
        description="Networks whose clients may see /internal/; judged after proxy handling.",
    )
    log_format: LogFormat = Field(default=LogFormat.CONSOLE, description="How log lines are written: console or json.")
    provider_name: Names | None = Field(
        default=None,
        description='Who you are, on the page for people: one text, or one a language: { ja = "…", en = "…" }.',
    )
    provider_logo: Path | None = Field(
        default=None, description="Your logo on the page: a PNG or SVG file of at most 10 KiB, shown 40 pixels high."
    )
    page_color: Annotated[str, AfterValidator(_on_light)] = Field(
        default="#1d5fa6", description="Colour of links and buttons on the light page; its contrast is checked."
    )
    page_color_dark: Annotated[str, AfterValidator(_on_dark)] = Field(
        default="#8ab8f0", description="The same on the dark page."
    )
    page_language: PageLanguage = Field(
        default=PageLanguage.EN, description="Language of the page for browsers that ask for neither ja nor en."
    )
    support_url: Annotated[str, AfterValidator(_link)] | None = Field(
        default=None, description="Where the page sends people who need help."
    )
    support_phone: Annotated[str, AfterValidator(_phone)] | None = Field(
        default=None, description="The telephone number of those who help."
    )
    templates_dir: Path | None = Field(
        default=None,
        description="Folder with templates of your own: each file replaces the one of its name in templates/page/.",
    )


def find_file(given: Path | None, environment: Mapping[str, str] = os.environ) -> Path:
    """The configuration file: the one given, else `AUTOCONFIG_CONFIG`, else ./autoconfig.toml."""
    return given or Path(environment.get(FILE_VARIABLE) or FILE_NAME)


def load(file: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """
    Read the settings from `file` and the environment.

    Raises:
        SettingsInvalid: the file is missing, is not TOML, or a setting is unknown or has an impossible value.
    """
    values = _read(file)
    origin = dict.fromkeys(values, str(file))
    for key in Settings.model_fields:
        variable = PREFIX + key.upper()
        if environment.get(variable):
            values[key], origin[key] = environment[variable], variable
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsInvalid(
            "\n".join(_sentence(detail, origin, str(file)) for detail in error.errors(include_url=False))
        ) from error
    return _anchored(settings, file.absolute().parent)


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError as error:
        raise SettingsInvalid(
            f"{file}: there is no such file; `autoconfig init DIR` makes one, --config names another"
        ) from error
    except OSError as error:
        raise SettingsInvalid(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsInvalid(f"{file}: is not UTF-8; save it as UTF-8") from error
    except (ValueError, RecursionError) as error:  # ValueError: TOMLDecodeError, or a number with 4301 digits
        raise SettingsInvalid(f"{file}: is not TOML: {error}") from error


def _sentence(detail: Any, origin: Mapping[str, str], file: str) -> str:
    key = str(detail["loc"][0])
    where = f"{origin.get(key, file)}: {key}"
    if detail["type"] == "extra_forbidden":
        return f"{where}: there is no such setting; the settings are {', '.join(Settings.model_fields)}"
    message = str(detail["msg"]).removeprefix("Value error, ")
    return f"{where} = {shown(detail['input'])}: {message}"


def shown(value: object) -> str:
    """A value as an error shows it; TOML's hexadecimal numbers can be longer than Python writes out."""
    try:
        return repr(value)
    except ValueError:
        return "a number of thousands of digits"


def _anchored(settings: Settings, folder: Path) -> Settings:
    """With every relative path made absolute from `folder`."""
    database, (scheme, _, path) = settings.database, settings.database.partition(":///")
    if scheme.startswith("sqlite") and path and not path.startswith("/"):
        database = f"{scheme}:///{folder / path}"
    paths = {
        name: folder / path for name in type(settings).model_fields if isinstance(path := getattr(settings, name), Path)
    }
    return settings.model_copy(update={"database": database, **paths})
