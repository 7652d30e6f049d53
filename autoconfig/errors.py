"""
All errors, named by situation. They know no HTTP and no exit codes: `web.error_responses` and `cli.exits` map them.

    AutoconfigError
    ├── InputInvalid            typed or sent input cannot be read
    │   ├── AddressInvalid      … as a mail address
    │   ├── DomainInvalid       … as a domain or host name
    │   ├── PatternInvalid      … as a pattern such as `mail.{domain}`
    │   ├── ExpressionInvalid   … as the regular expression of a host rule
    │   ├── TimeInvalid         … as a time
    │   ├── RequestInvalid      … as an Autodiscover request
    │   └── DocumentInvalid     … as a published config-v1.1.xml
    ├── ConfigurationInvalid    the operator has to change something before this can work
    │   ├── SettingsInvalid     autoconfig.toml or an AUTOCONFIG_* variable
    │   ├── FileInvalid         a file, with every fault found
    │   │   ├── PlansInvalid    plans.toml
    │   │   └── CsvInvalid      a file for `mapping sync`
    │   ├── DatabaseForeign     the database is not a mapping database
    │   ├── SchemaTooOld        an older release made the mapping database
    │   ├── SchemaTooNew        a newer release made it
    │   ├── SigningInvalid      the key and certificate cannot sign profiles
    │   ├── FolderTaken         `init` would overwrite a file
    │   └── ListenFailed        the port or the socket cannot be bound
    ├── UnknownDomain           no row, no rule and no default plan answers for this name
    ├── PlanUnusable            a row or rule names a missing plan, or its params make no account
    ├── RowInvalid              the query's answer for a name cannot be read
    ├── Inexpressible           the format cannot describe the account
    ├── Refused                 the command is understood and refused
    ├── MappingUnavailable      the mapping database cannot be read now
    ├── DNSUnavailable          the DNS does not answer now where a domain's mail goes
    └── Overloaded              too much work of this kind is waiting
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class AutoconfigError(Exception):
    """Base of all errors whose message tells a person what to do."""


class InputInvalid(AutoconfigError):
    """Typed or sent input cannot be read."""


class AddressInvalid(InputInvalid):
    """Not of the form local@domain, too long, or with characters that no document can carry."""


class DomainInvalid(InputInvalid):
    """Not a domain or host name."""


class PatternInvalid(InputInvalid):
    """Not a pattern, or one that uses an unknown slot."""


class ExpressionInvalid(InputInvalid):
    """Not a regular expression, or one that cannot be matched in linear time."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.remedy = remedy


class TimeInvalid(InputInvalid):
    """Not an ISO 8601 time."""


class RequestInvalid(InputInvalid):
    """Not an Autodiscover request that can be answered."""


class DocumentInvalid(InputInvalid):
    """Not a published `config-v1.1.xml` that a plan can be made from."""


class ConfigurationInvalid(AutoconfigError):
    """The operator has to change a file, a setting or a database first."""


class SettingsInvalid(ConfigurationInvalid):
    """A setting is unknown or has an invalid value."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a file: where it is, what is wrong, and what to do."""

    place: str
    problem: str
    remedy: str = ""

    def __str__(self) -> str:
        """Place, problem and remedy on one line."""
        return f"{self.place}: {self.problem}" + (f"; {self.remedy}" if self.remedy else "")


class FileInvalid(ConfigurationInvalid):
    """A file has faults; the message lists them all."""

    def __init__(self, file: str, faults: Sequence[Fault]) -> None:
        """Keep `faults` for tables and JSON."""
        self.file = file
        self.faults = tuple(faults)
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__("\n".join([f"{file}: {count}", *(f"  {fault}" for fault in self.faults)]))


class PlansInvalid(FileInvalid):
    """plans.toml cannot be used."""


class CsvInvalid(FileInvalid):
    """A CSV file for `mapping sync` cannot be used."""


class DatabaseForeign(ConfigurationInvalid):
    """The database exists, but it is not a mapping database."""


class SchemaTooOld(ConfigurationInvalid):
    """An older release made the mapping database; upgrade it."""


class SchemaTooNew(ConfigurationInvalid):
    """A newer release made the mapping database."""


class SigningInvalid(ConfigurationInvalid):
    """The key and certificate for signing profiles cannot sign."""


class FolderTaken(ConfigurationInvalid):
    """`init` found that one of its files already exists."""


class ListenFailed(ConfigurationInvalid):
    """The port is in use, or the socket cannot be bound."""


class UnknownDomain(AutoconfigError):
    """No row, no rule and no default plan answers for this name."""

    def __init__(self, problem: str, reason: str | None = None) -> None:
        """`reason` is for the operator: which row, rule or query decided it."""
        self.reason = reason or problem
        super().__init__(problem)


class PlanUnusable(AutoconfigError):
    """A plan is missing, or the params of the row or rule make no account with it."""

    domain: str | None = None
    """The domain of the request, if there is one."""
    row: int | None = None
    """The id of the mapping row; `None` for a rule or the default plan."""

    def __init__(self, problem: str, *, plan: str, param: str | None = None) -> None:
        """`param` is the param at fault, if one is."""
        self.problem, self.plan, self.param = problem, plan, param
        where = f"plan {plan!r}" + (f", param {param!r}" if param else "")
        super().__init__(f"{where}: {problem}")

    def found_at(self, domain: str, row: int | None) -> PlanUnusable:
        """Add the domain and the row that led to it, and return itself."""
        self.domain, self.row = domain, row
        return self


class RowInvalid(AutoconfigError):
    """The answer of a query to the provider's own database contradicts itself, or is not text."""

    def __init__(self, problem: str, column: str | None = None, domain: str | None = None) -> None:
        """`column` is the column at fault and `domain` the domain asked for, if known."""
        self.problem, self.column, self.domain = problem, column, domain
        self.sentence = f"the query's column {column!r} {problem}" if column else f"the query's answer {problem}"
        super().__init__(f"{domain}: {self.sentence}" if domain else self.sentence)


class Inexpressible(AutoconfigError):
    """The format cannot describe the account; the text is for the person who asked."""


class Refused(AutoconfigError):
    """The command is understood and refused; nothing was changed."""


class MappingUnavailable(AutoconfigError):
    """The mapping database is missing, locked or unreachable."""


class DNSUnavailable(AutoconfigError):
    """Only the MX could place this domain, and the DNS did not answer or the budget of questions is used up."""


class Overloaded(AutoconfigError):
    """Too much work of this kind is waiting; try again later."""
