"""The table of settings; they never change while a process runs. A test compares docs/settings.md with it."""

from __future__ import annotations

import ipaddress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from autoconfig.mail.account import Text
from autoconfig.settings.brands import MOST_BRANDS, BrandTable
from autoconfig.settings.kinds import (
    DarkColour,
    Guidance,
    LightColour,
    Link,
    Names,
    Origins,
    PageLanguage,
    Phone,
)
from autoconfig.settings.values import (
    header_name,
    https,
    listed,
    nameservers,
    network,
    plans_of_query,
    reverse_dns,
    tables,
    target,
    with_query,
    zone,
)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class PlainHTTP(StrEnum):
    """How to answer a request without TLS for Mozilla's document."""

    SERVE = "serve"
    REDIRECT = "redirect"
    REFUSE = "refuse"


class LogFormat(StrEnum):
    """The format of log lines."""

    CONSOLE = "console"
    JSON = "json"


Networks = Annotated[tuple[Annotated[Network, BeforeValidator(network)], ...], BeforeValidator(listed)]


class Settings(BaseModel):
    """All settings, checked. Relative paths are absolute already, starting from the folder of autoconfig.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database: str = Field(
        default="sqlite:///mapping.db",
        description="The mapping database: `sqlite:///PATH` (relative to autoconfig.toml), or one on a server as "
        "`postgresql://user:password@host,host/name?sslmode=verify-full` or `mariadb://user:password@host/name` "
        "(docs/operating.md).",
    )
    copy_max_age: int | None = Field(
        default=None,
        ge=1,
        description="If `database` is on a server: seconds after which a node is not ready any more because it could "
        "not update its local copy; without it a copy never becomes too old.",
    )
    cache_known: int = Field(
        default=100_000,
        ge=1,
        le=100_000_000,
        description="With `query`: names with rows that each process keeps in memory (about 0.5 KiB each); it goes on "
        "serving them while that database is down.",
    )
    cache_unknown: int = Field(
        default=20_000,
        ge=1,
        le=100_000_000,
        description="The same for names without rows; names from strangers never evict a customer's.",
    )
    query: str | None = Field(
        default=None,
        description="A query with `:domain` to another program's `database`, whose answer is the mapping "
        "(docs/foreign.md). The column `plan` is the plan's key; every other column is a param.",
    )
    query_plans: Annotated[dict[str, str] | None, BeforeValidator(plans_of_query), AfterValidator(with_query)] = Field(
        default=None,
        description='The plan for each value of the query\'s column `plan`: `{ 3 = "standard", "*" = "" }`. `"*"` is '
        "every other value; an empty plan means that the domain is not served. Without it the value is the plan's key.",
    )
    query_all: Annotated[str | None, AfterValidator(with_query)] = Field(
        default=None,
        description="A query for all names, with the columns of `query` and `domain` (or `name`): for `mapping list`, "
        "`export`, `plans check`, and to know which plans are in use.",
    )
    query_ttl: float = Field(
        default=5.0,
        ge=1,
        le=300,
        description="Seconds that the query's answer for a name is cached.",
    )
    plans: Path = Field(default=Path("plans.toml"), description="The file with the plans.")
    state_dir: Path = Field(
        default=Path("state"),
        description="Folder for the server's state, on a disk of this machine: the local copy of a server's database, "
        "the last good copy of the plans, and where it listens.",
    )
    public_url: Annotated[str, AfterValidator(https)] = Field(
        default="https://autoconfig.invalid",
        description="The public https URL of this server; redirects lead to it, whatever the Host header.",
    )
    dns_target: Annotated[str, AfterValidator(target)] | None = Field(
        default=None,
        description="The host name that the DNS records of customers lead to (`autoconfig dns`); without it the host "
        "of `public_url`.",
    )
    default_plan: str | None = Field(
        default=None,
        description="The plan of every domain that has no row and matches no host rule; without it such domains are "
        "unknown.",
    )
    tls_subdomains: bool = Field(
        default=False,
        description="Whether names below a domain whose row says `subdomains` may have certificates on demand.",
    )
    mx: bool = Field(
        default=False,
        description="Whether to place a domain without a row by its MX: if true, the server asks the DNS, and the host "
        "rules decide.",
    )
    mx_nameservers: Annotated[tuple[tuple[str, int], ...] | None, BeforeValidator(nameservers)] = Field(
        default=None,
        description="Name servers to ask for the MX: addresses, each with `:port` if it is not 53. Without it the "
        "machine's own.",
    )
    mx_timeout: float = Field(
        default=2.0, gt=0, le=30, description="Seconds that the lookup of a domain's MX may take, with all attempts."
    )
    mx_budget: int = Field(
        default=600,
        ge=1,
        le=100_000,
        description="MX lookups of each process in any minute; one client may cause a tenth of them (at least 10). "
        "Over it the response is a 503.",
    )
    check_rate: float = Field(
        default=5.0,
        gt=0,
        le=1000,
        description="Connections a second that `autoconfig check` makes to one mail server's address, one at a time; "
        "programs such as fail2ban block who makes more.",
    )
    timezone: Annotated[str, AfterValidator(zone)] = Field(
        default="UTC", description="IANA time zone of times that are written without an offset."
    )
    profile_identifier: Annotated[str, AfterValidator(reverse_dns)] = Field(
        default="invalid.autoconfig",
        description="The identifier of Apple profiles, in reverse DNS order. Use the same on all nodes and never "
        "change it.",
    )
    profile_key: Path | None = Field(
        default=None,
        description="Private key to sign Apple profiles with: PEM, RSA or elliptic curve, without a passphrase. "
        "Without it they are not signed. Profiles of the default plan, or of a host rule whose plan has {domain} in a "
        "host, are never signed.",
    )
    profile_certificate: Path | None = Field(
        default=None,
        description="The certificate of `profile_key`, with its chain: PEM. The server reads it again when it changes.",
    )
    profile_chain: Path | None = Field(
        default=None, description="The certificate's chain, if it is in a file of its own: PEM."
    )
    plain_http: PlainHTTP = Field(
        default=PlainHTTP.SERVE,
        description="How to answer requests without TLS for Mozilla's document: serve, redirect or refuse.",
    )
    trusted_proxies: Networks = Field(
        default=(ipaddress.ip_network("127.0.0.1/32"), ipaddress.ip_network("::1/128")),
        description="Networks whose X-Forwarded-For and X-Forwarded-Proto are trusted; a Unix socket's always are.",
    )
    rate_limit: float = Field(
        default=100.0,
        ge=0,
        le=1_000_000,
        description="Requests a second that each process answers to one client (an IPv4 address, an IPv6 /64) in the "
        "long run; 0 means no limit. Never limited: `internal_networks`, and proxies that do not name their client.",
    )
    rate_burst: int = Field(
        default=1000,
        ge=1,
        le=1_000_000,
        description="Requests that a client may send at once before `rate_limit` applies; further ones get a 429.",
    )
    internal_networks: Networks = Field(
        default=(ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")),
        description="Networks whose clients may use /internal/; the client's address is the one behind the proxy.",
    )
    desk_networks: Networks | None = Field(
        default=None,
        description="Networks whose clients may use the support desk's page, /desk; without it those of "
        "`internal_networks`. For everybody else the page does not exist.",
    )
    desk_user_header: Annotated[str, AfterValidator(header_name)] | None = Field(
        default=None,
        description="The header in which your proxy names the person at the desk, such as X-Remote-User; it counts "
        "only from `trusted_proxies`, and the proxy must remove it when a client sends it.",
    )
    log_format: LogFormat = Field(default=LogFormat.CONSOLE, description="Format of log lines: console or json.")
    provider_name: Names | None = Field(
        default=None,
        description="Your name on the setup page and in Apple profiles: one text, or one for each language: "
        '{ ja = "…", en = "…" }.',
    )
    provider_logo: Path | None = Field(
        default=None, description="Your logo on the page: a PNG or SVG file of at most 10 KiB, shown 40 pixels high."
    )
    page_color: LightColour = Field(
        default="#1d5fa6", description="Colour of links and buttons on the light page; its contrast is checked."
    )
    page_color_dark: DarkColour = Field(default="#8ab8f0", description="The same on the dark page.")
    page_language: PageLanguage = Field(
        default=PageLanguage.EN, description="Language of the page for browsers that ask for neither ja nor en."
    )
    support_url: Link | None = Field(default=None, description="Where the page sends people who need help.")
    support_phone: Phone | None = Field(default=None, description="The telephone number of your support.")
    password_help: Guidance | None = Field(
        default=None,
        description="Where customers find the password of a mail address, for the setup page: at most 300 characters, "
        'one text, or one for each language: { ja = "…", en = "…" }.',
    )
    password_reset_url: Link | None = Field(
        default=None, description="Where the page sends people who lost the password of a mail address."
    )
    portal_origins: Origins = Field(
        default=(),
        description="Sites whose scripts may read /setup.json in a browser (docs/portals.md), such as "
        "`https://my.provider.example`. Programs that are not browsers need no such setting.",
    )
    frame_ancestors: Origins = Field(
        default=(),
        description="Sites that may show the setup page in a frame (docs/portals.md), such as "
        "`https://my.provider.example`; without it none may.",
    )
    templates_dir: Path | None = Field(
        default=None,
        description="Folder with your own templates: each file replaces the one with its name in templates/page/, and "
        "each in its folder letter/ the one in templates/letter/.",
    )
    brand: Annotated[tuple[BrandTable, ...], BeforeValidator(tables), Field(max_length=MOST_BRANDS)] = Field(
        default=(),
        description="Other names, logos, colours and support for some customers: the tables `[[brand]]` below. The "
        "first one that fits holds.",
    )

    @property
    def has_public_url(self) -> bool:
        """Whether `public_url` is set."""
        return bool(self.public_url != type(self).model_fields["public_url"].default)

    def with_brand(self, table: BrandTable) -> Self:
        """The settings for the customers of a brand: what it does not say is as for everybody."""
        return self.model_copy(update=table.look)

    @property
    def desk_clients(self) -> tuple[Network, ...]:
        """The networks of the support desk."""
        return self.internal_networks if self.desk_networks is None else self.desk_networks

    @property
    def provider(self) -> Text | None:
        """`provider_name`, in its languages."""
        name = self.provider_name
        if isinstance(name, dict):
            return Text({language.value: text for language, text in name.items()})
        return None if name is None else Text({"und": name})
