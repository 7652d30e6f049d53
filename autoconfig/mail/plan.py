"""Plans, and what becomes of one when a row's params are put in."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from autoconfig.errors import DomainInvalid, PatternInvalid, PlanUnusable
from autoconfig.mail.address import carriable
from autoconfig.mail.bound import ANY_DOMAIN, BoundPlan, host_of_url, whole_labels
from autoconfig.mail.domain import Domain, to_host_name
from autoconfig.mail.pattern import DOMAIN, Pattern, Slot, order_of
from autoconfig.mail.server import ServerTemplate, imap_first
from autoconfig.mail.url import is_https_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autoconfig.mail.account import Documentation, Text
    from autoconfig.mail.service import OAuth2, ServiceTemplate

MAX_KEY = 63
"""Characters of the longest key of a plan."""

KEY = re.compile(rf"[a-z0-9][a-z0-9_-]{{0,{MAX_KEY - 1}}}", re.ASCII)
"""A key of a plan: a bare key of TOML 1.0, in lower case, that cannot be taken for an option of a command."""

_KEY_START = re.compile("^[^a-z0-9]+")
_NO_KEY = re.compile("[^a-z0-9_-]+")


def key_from(text: str, longest: int = MAX_KEY) -> str:
    """`Example Hosting, Inc.` → `example-hosting-inc`; empty where `text` has nothing that a key may begin with."""
    return _KEY_START.sub("", _NO_KEY.sub("-", text.lower()))[:longest].rstrip("-")


@dataclass(frozen=True, slots=True)
class Plan:
    """A product of the provider: its servers with patterns in them, and the params that its rows may or must give."""

    key: str
    name: Text
    short_name: Text | None
    params: Mapping[str, Pattern | None]
    """Default of each param; `None` where every row has to give it."""
    servers: tuple[ServerTemplate, ...]
    documentation: tuple[Documentation, ...] = ()
    webmail: str | None = None
    services: tuple[ServiceTemplate, ...] = ()
    oauth2: OAuth2 | None = None
    redirect_url: Pattern | None = None
    redirect_domain: Pattern | None = None
    notes: tuple[Mapping[str, Pattern], ...] = ()
    """What the page for people says about this plan beside the values, by language."""

    def bind(self, given: Mapping[str, str]) -> BoundPlan:
        """
        Put a row's params in.

        Raises:
            PlanUnusable: a param is missing, unknown, or makes a host name or user name that no document can carry.
        """
        values = self._values(given)
        bound = BoundPlan.of(
            self,
            tuple(self._server(template, values) for template in imap_first(self.servers)),
            tuple(self._service(template, values) for template in self.services),
            self._url(self.redirect_url, values) if self.redirect_url else None,
            self._moved_to(self.redirect_domain, values) if self.redirect_domain else None,
        )
        return replace(bound, notes=tuple(self._note(note, values) for note in self.notes)) if self.notes else bound

    def _values(self, given: Mapping[str, str]) -> dict[str, Pattern]:
        """Every param of the plan as a pattern in which only variables are left."""
        for name in given:
            if name not in self.params:
                raise self._unusable(f"the plan has no such param, only {', '.join(self.params) or 'none'}", name)
        patterns: dict[str, Pattern] = {}
        for name, default in self.params.items():
            if name in given:
                patterns[name] = self._given(name, given[name])
            elif default is None:
                raise self._unusable("the plan requires it and the row does not give it", name)
            else:
                patterns[name] = default
        values: dict[str, Pattern] = {}
        try:
            for name in order_of(patterns):
                values[name] = patterns[name].bound(values)
        except (PatternInvalid, KeyError) as error:
            raise self._unusable(f"its default cannot be worked out: {error}") from error
        return values

    def _given(self, name: str, text: str) -> Pattern:
        try:
            pattern = Pattern.parse(text)
        except PatternInvalid as error:
            raise self._unusable(str(error), name) from error
        if pattern.params:
            raise self._unusable("a row's value may use only {domain}, {local} and {address}", name)
        if not text or not carriable(text):
            raise self._unusable("its value is empty or has control characters", name)
        return pattern

    def _server(self, template: ServerTemplate, values: Mapping[str, Pattern]) -> ServerTemplate:
        return replace(template, host=self._host(template.host, values), username=template.username.bound(values))

    def _host(self, pattern: Pattern, values: Mapping[str, Pattern]) -> Pattern:
        """The pattern with params in, checked and spelled in A-labels; at most `{domain}` is left in it."""
        host = pattern.bound(values)
        param = min(pattern.params, default=None)
        if host.names - {DOMAIN}:
            raise self._unusable(f"a host name may use only {{domain}}, and {str(host)!r} uses more", param)
        if not whole_labels(host):
            raise self._unusable(f"in {str(host)!r} a dot has to stand on each side of {{domain}}", param)
        try:
            spelled = to_host_name(host.expand({DOMAIN: ANY_DOMAIN}))
        except DomainInvalid as error:
            raise self._unusable(f"{str(host)!r} is not a host name", param) from error
        return Pattern.parse(spelled.replace(ANY_DOMAIN, f"{{{DOMAIN}}}"))

    def _service(self, template: ServiceTemplate, values: Mapping[str, Pattern]) -> ServiceTemplate:
        return replace(template, url=self._url(template.url, values), username=template.username.bound(values))

    def _url(self, pattern: Pattern, values: Mapping[str, Pattern]) -> Pattern:
        """The pattern with params in; at most `{domain}` is left in it."""
        url = pattern.bound(values)
        param = min(pattern.params, default=None)
        if url.names - {DOMAIN}:
            raise self._unusable(f"a URL may use only {{domain}}, and {str(url)!r} uses more", param)
        if not is_https_url(url.expand({DOMAIN: ANY_DOMAIN})):
            raise self._unusable(f"{str(url)!r} is not an https URL", param)
        if not whole_labels(host_of_url(url)):
            raise self._unusable(f"in the host of {str(url)!r} a dot has to stand on each side of {{domain}}", param)
        return url

    def _note(self, note: Mapping[str, Pattern], values: Mapping[str, Pattern]) -> dict[str, Pattern]:
        """The note with params in; at most `{domain}` is left in it."""
        texts = {language: pattern.bound(values) for language, pattern in note.items()}
        for text in texts.values():
            if text.names - {DOMAIN}:
                raise self._unusable(f"a note may use only {{domain}}, and {str(text)!r} uses more")
        return texts

    def _moved_to(self, pattern: Pattern, values: Mapping[str, Pattern]) -> Pattern:
        domain = self._host(pattern, values)
        if domain.parts == (Slot(DOMAIN),):
            raise self._unusable("the domain would move to itself", min(pattern.params, default=None))
        return domain

    def _unusable(self, problem: str, param: str | None = None) -> PlanUnusable:
        return PlanUnusable(problem, plan=self.key, param=param)


@dataclass(frozen=True, slots=True)
class HostRule:
    """Whoever is asked under a name that `match` matches whole is on this plan."""

    match: re.Pattern[str]
    plan: str

    def params_of(self, host: Domain) -> dict[str, str] | None:
        """The named groups, where the rule matches."""
        found = self.match.fullmatch(host.name)
        return (
            None if found is None else {name: value for name, value in found.groupdict().items() if value is not None}
        )
