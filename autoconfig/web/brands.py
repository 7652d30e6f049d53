"""Which table `[[brand]]` of the settings holds for a customer: by the host that was asked, the plan or a param."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from autoconfig.mail.domain import Domain
from autoconfig.mail.params import decode
from autoconfig.web.host_header import AskedHost, split_host
from autoconfig.web.pointer import base_of

if TYPE_CHECKING:
    from autoconfig.resolver import Resolution
    from autoconfig.settings import BrandTable, Settings


class Branding(NamedTuple):
    """The settings for one customer."""

    settings: Settings
    """Everybody's, with what the brand replaces."""
    host: str | None = None
    """The asked host, if that decided."""

    def base_of(self, resolution: Resolution) -> str:
        """What to put between `public_url` and a path, so that it leads to `resolution` and to this brand."""
        public_url = self.settings.public_url
        base = base_of(resolution, public_url)
        if base or self.host in {None, urlsplit(public_url).hostname}:
            return base
        return f"/for/{self.host}"


class Brands:
    """The brands of a server."""

    def __init__(self, settings: Settings) -> None:
        self._tables = [(table, settings.with_brand(table)) for table in settings.brand]
        self._common = Branding(settings)
        self.all = (settings, *(branded for _, branded in self._tables))
        """The settings for everybody, then those of each brand."""

    def of(self, resolution: Resolution | None, asked: AskedHost) -> Branding:
        """The first brand that fits the asked host or, if it is known, what answers; else the common settings."""
        for table, settings in self._tables:
            if _has_host(table, asked):
                return Branding(settings, asked.name)
            if resolution is not None and _has_plan(table, resolution):
                return Branding(settings)
        return self._common


def brand_of(settings: Settings, resolution: Resolution, host: str | None = None) -> Settings:
    """
    The settings for the customer of `resolution`, with what a brand replaces.

    For commands and letters, where no host was asked: `host`, if given, counts as the one, else that of `resolution`.
    """
    domain = resolution.asked if host is None else Domain.parse(host)
    asked = AskedHost("", None) if domain is None else split_host(domain)
    return Brands(settings).of(resolution, asked).settings


def _has_host(table: BrandTable, asked: AskedHost) -> bool:
    """Labels such as `autoconfig.` do not matter, because URLs below /for/HOST may lack them."""
    if asked.domain is None:
        return False
    names = {asked.name or "", asked.domain.name}
    return any(
        any(name.endswith(pattern[1:]) for name in names)
        if pattern.startswith("*.")
        else not names.isdisjoint({pattern, str(split_host(Domain(pattern)).domain)})
        for pattern in table.hosts
    )


def _has_plan(table: BrandTable, resolution: Resolution) -> bool:
    if resolution.plan in table.plans:
        return True
    if table.param is None:
        return False
    default = resolution.bound.plan.params.get(table.param.name)
    value = decode(resolution.params).get(table.param.name, None if default is None else str(default))
    return value == table.param.value
