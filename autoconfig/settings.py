"""
One table of settings. `autoconfig.toml` gives them, `AUTOCONFIG_NAME` in the environment overrides each, and what is
read is never changed. docs/settings.md is held against this table by a test.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
import zoneinfo
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from autoconfig.errors import SettingsInvalid
from autoconfig.mail.domain import is_host_name
from autoconfig.mail.url import is_https_url

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
    return settings.model_copy(
        update={"database": database, "plans": folder / settings.plans, "state_dir": folder / settings.state_dir}
    )
