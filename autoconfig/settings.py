"""
One table of settings. `autoconfig.toml` gives them, `AUTOCONFIG_NAME` in the environment overrides each, and what is
read is never changed. docs/settings.md is held against this table by a test.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
)

from autoconfig.errors import SettingsInvalid
from autoconfig.setting_values import (
    https,
    link,
    listed,
    nameservers,
    network,
    on_dark,
    on_light,
    phone,
    plans_of_query,
    reverse_dns,
    shown,
    title,
    with_query,
    zone,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

PREFIX = "AUTOCONFIG_"
FILE_NAME = "autoconfig.toml"
FILE_VARIABLE = "AUTOCONFIG_CONFIG"

_NEAR = 0.8
"""Likeness (`difflib`) from which a name is a setting misspelt: DATABASE_URL is one, SERVICE_HOST is none."""

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


Title = Annotated[str, AfterValidator(title)]
Names = Annotated[
    Annotated[Title, Tag("text")] | Annotated[dict[PageLanguage, Title], Field(min_length=1), Tag("table")],
    Discriminator(lambda value: "table" if isinstance(value, dict) else "text"),
]
"""One text, or one a language."""
Networks = Annotated[tuple[Annotated[Network, BeforeValidator(network)], ...], BeforeValidator(listed)]


class Settings(BaseModel):
    """All settings, checked. Relative paths have been made absolute, from the folder of autoconfig.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database: str = Field(
        default="sqlite:///mapping.db",
        description="Where the mapping is: `sqlite:///PATH` (relative to autoconfig.toml), or a server's database as "
        "`postgresql://user:password@host,host/name?sslmode=verify-full` or `mariadb://user:password@host/name` "
        "(docs/operating.md).",
    )
    replicate_from: str | None = Field(
        default=None,
        description="The URL of a central database, of which `autoconfig mapping replicate` keeps `database`, "
        "a SQLite file, a replica.",
    )
    replica_max_age: int | None = Field(
        default=None,
        ge=1,
        description="Seconds after which a node is not ready any more because nothing was heard of the central "
        "database; without it a replica is good for any time.",
    )
    cache_known: int = Field(
        default=100_000,
        ge=1,
        le=100_000_000,
        description="Names with rows that each process keeps in memory where the mapping is on a server (about 0.5 KiB "
        "each); they are served on while it is gone.",
    )
    cache_unknown: int = Field(
        default=20_000,
        ge=1,
        le=100_000_000,
        description="The same for names without rows; strangers' names push out no customer's.",
    )
    query: str | None = Field(
        default=None,
        description="A query that reads, with `:domain`, to another program's `database`: its answer is the mapping "
        "(docs/foreign.md). The column `plan` is the plan's key, every other column a param.",
    )
    query_plans: Annotated[dict[str, str] | None, BeforeValidator(plans_of_query), AfterValidator(with_query)] = Field(
        default=None,
        description='The plan for each value of the query\'s column `plan`: `{ 3 = "standard", "*" = "" }`; `"*"` is '
        "every other value, an empty plan: not ours. Without it the value is the plan's key.",
    )
    query_all: Annotated[str | None, AfterValidator(with_query)] = Field(
        default=None,
        description="A query for all names, with the columns of `query` and `domain`: for `mapping list`, `export`, "
        "`plans check`, and to know which plans are in use.",
    )
    query_ttl: float = Field(
        default=5.0,
        ge=1,
        le=300,
        description="Seconds until the query is put again for a name; until then its answer is kept.",
    )
    plans: Path = Field(default=Path("plans.toml"), description="The file with the plans.")
    state_dir: Path = Field(
        default=Path("state"),
        description="Folder for what the server keeps: the last good copy of the plans, and where it listens.",
    )
    public_url: Annotated[str, AfterValidator(https)] = Field(
        default="https://autoconfig.invalid",
        description="The https address under which everyone reaches this server; redirects name it, not the Host.",
    )
    default_plan: str | None = Field(
        default=None,
        description="The plan of every domain that has no row and matches no host rule; without it they are unknown.",
    )
    mx: bool = Field(
        default=False,
        description="Whether a domain without a row is placed by its MX: true asks the DNS, and the host rules decide.",
    )
    mx_nameservers: Annotated[tuple[tuple[str, int], ...] | None, BeforeValidator(nameservers)] = Field(
        default=None,
        description="Name servers that are asked for the MX: addresses, each with `:port` if it is not 53. "
        "Without it the machine's own.",
    )
    mx_timeout: float = Field(
        default=2.0, gt=0, le=30, description="Seconds that the search for a domain's MX may take, with all attempts."
    )
    mx_budget: int = Field(
        default=600,
        ge=1,
        le=100_000,
        description="For how many domains each process asks the DNS in any minute, and a tenth of them (at least 10) "
        "for one client; what is over it is a 503.",
    )
    timezone: Annotated[str, AfterValidator(zone)] = Field(
        default="UTC", description="IANA time zone of times that are written without an offset."
    )
    profile_identifier: Annotated[str, AfterValidator(reverse_dns)] = Field(
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
    rate_limit: float = Field(
        default=100.0,
        ge=0,
        le=1_000_000,
        description="Requests a second that each process answers to one client (an IPv4 address, an IPv6 /64) in the "
        "long run; 0 is no limit. Never limited: `internal_networks`, and proxies that do not say for whom they ask.",
    )
    rate_burst: int = Field(
        default=1000,
        ge=1,
        le=1_000_000,
        description="Requests that a client may send at once before `rate_limit` counts; what is over it is a 429.",
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
    page_color: Annotated[str, AfterValidator(on_light)] = Field(
        default="#1d5fa6", description="Colour of links and buttons on the light page; its contrast is checked."
    )
    page_color_dark: Annotated[str, AfterValidator(on_dark)] = Field(
        default="#8ab8f0", description="The same on the dark page."
    )
    page_language: PageLanguage = Field(
        default=PageLanguage.EN, description="Language of the page for browsers that ask for neither ja nor en."
    )
    support_url: Annotated[str, AfterValidator(link)] | None = Field(
        default=None, description="Where the page sends people who need help."
    )
    support_phone: Annotated[str, AfterValidator(phone)] | None = Field(
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
        SettingsInvalid: the file is missing, is not TOML, or a setting is unknown or has an impossible value; or a
            variable is nearly that of a setting.
    """
    _refuse_misspelt(environment)
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


def foreign_variables(environment: Mapping[str, str] = os.environ) -> list[str]:
    """
    Variables that begin as ours do and give no setting. They may well be there: Kubernetes gives every container
    AUTOCONFIG_SERVICE_HOST and its like, if a service is called autoconfig.
    """
    ours = {FILE_VARIABLE, *(PREFIX + key.upper() for key in Settings.model_fields)}
    return sorted(name for name, value in environment.items() if name.startswith(PREFIX) and value and name not in ours)


def _refuse_misspelt(environment: Mapping[str, str]) -> None:
    for variable in foreign_variables(environment):
        key = variable.removeprefix(PREFIX).lower()
        if near := difflib.get_close_matches(key, Settings.model_fields, 1, _NEAR):
            raise SettingsInvalid(
                f"{variable}: there is no such setting; did you mean {PREFIX}{near[0].upper()}? Unset it if not"
            )


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


def _sentence(detail: ErrorDetails, origin: Mapping[str, str], file: str) -> str:
    key = str(detail["loc"][0])
    where = f"{origin.get(key, file)}: {key}"
    if detail["type"] == "extra_forbidden":
        near = difflib.get_close_matches(key, Settings.model_fields, 1, _NEAR)
        known = f"did you mean {near[0]}?" if near else f"the settings are {', '.join(Settings.model_fields)}"
        return f"{where}: there is no such setting; {known}"
    message = detail["msg"].removeprefix("Value error, ")
    given = "…" if key in _URLS else shown(detail["input"])  # there may be a password in it
    return f"{where} = {given}: {message}"


_URLS = ("database", "replicate_from")


def _anchored(settings: Settings, folder: Path) -> Settings:
    """With every relative path made absolute from `folder`."""
    urls = {name: _anchored_url(url, folder) for name in _URLS if (url := getattr(settings, name)) is not None}
    paths = {
        name: folder / path for name in type(settings).model_fields if isinstance(path := getattr(settings, name), Path)
    }
    return settings.model_copy(update={**urls, **paths})


def _anchored_url(url: str, folder: Path) -> str:
    scheme, _, path = url.partition(":///")
    if scheme.startswith("sqlite") and path and not path.startswith("/"):
        return f"{scheme}:///{folder / path}"
    return url
