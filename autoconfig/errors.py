"""
Every situation that this server can name. No HTTP and no exit codes in here: `web.refusals` and `cli.exits`
say what each of them becomes.

    AutoconfigError
    ├── InputInvalid            somebody typed or sent something that cannot be read
    │   ├── AddressInvalid      … as a mail address
    │   ├── DomainInvalid       … as a domain or host name
    │   ├── PatternInvalid      … as a pattern such as `mail.{domain}`
    │   ├── TimeInvalid         … as a time
    │   ├── RequestInvalid      … as an Autodiscover request
    │   └── DocumentInvalid     … as a published config-v1.1.xml
    ├── ConfigurationInvalid    the operator has to change something before this can work
    │   ├── SettingsInvalid     autoconfig.toml or an AUTOCONFIG_* variable
    │   ├── FileInvalid         a file, with every fault found
    │   │   ├── PlansInvalid    plans.toml
    │   │   └── CsvInvalid      a file for `mapping sync`
    │   ├── DatabaseForeign     the database is not one of ours
    │   ├── SchemaTooOld        … was made by an older release
    │   ├── SchemaTooNew        … by a newer one
    │   ├── SigningInvalid      key and certificate cannot sign profiles
    │   ├── FolderTaken         `init` would overwrite a file
    │   └── ListenFailed        the port or the socket cannot be bound
    ├── UnknownDomain           no row, no rule and no default plan answers for this name
    ├── PlanUnusable            a row or rule leads to a plan that is missing, or whose params do not suffice
    ├── RowInvalid              what the provider's own database says of a name cannot be read
    ├── Inexpressible           the account cannot be written down in this format
    ├── Refused                 understood, and the answer is no
    ├── MappingUnavailable      the mapping database cannot be asked now
    └── DNSUnavailable          the DNS cannot say now where a domain's mail goes
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class AutoconfigError(Exception):
    """Base of all errors that carry a sentence for the person who has to act on them."""


class InputInvalid(AutoconfigError):
    """Something typed or sent cannot be read as what it should be."""


class AddressInvalid(InputInvalid):
    """Not of the form local@domain, too long, or with characters that no document can carry."""


class DomainInvalid(InputInvalid):
    """Not a domain or host name."""


class PatternInvalid(InputInvalid):
    """Not a pattern, or one that names something that it may not use."""


class TimeInvalid(InputInvalid):
    """Not an ISO 8601 time."""


class RequestInvalid(InputInvalid):
    """Not an Autodiscover request that can be answered."""


class DocumentInvalid(InputInvalid):
    """Not a published `config-v1.1.xml` of which a plan can be made."""


class ConfigurationInvalid(AutoconfigError):
    """The operator has to change a file, a setting or a database first."""


class SettingsInvalid(ConfigurationInvalid):
    """A setting is unknown or has a value that it cannot have."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in a file: where, what, and what to do."""

    place: str
    problem: str
    remedy: str = ""

    def __str__(self) -> str:
        """Place, problem and remedy on one line."""
        return f"{self.place}: {self.problem}" + (f"; {self.remedy}" if self.remedy else "")


class FileInvalid(ConfigurationInvalid):
    """A file with faults; all of them are listed."""

    def __init__(self, file: str, faults: Sequence[Fault]) -> None:
        """Keep `faults` for tables and JSON; the text lists them all."""
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
    """The mapping database was made by an older release and has to be upgraded."""


class SchemaTooNew(ConfigurationInvalid):
    """The mapping database was made by a newer release than this one."""


class SigningInvalid(ConfigurationInvalid):
    """The key and the certificate that profiles are to be signed with cannot sign."""


class FolderTaken(ConfigurationInvalid):
    """`init` found one of its files already there."""


class ListenFailed(ConfigurationInvalid):
    """The port is in use, or the socket cannot be bound."""


class UnknownDomain(AutoconfigError):
    """Nobody here answers for this name."""


class PlanUnusable(AutoconfigError):
    """A plan is missing, or what the row or rule gives does not make an account of it."""

    domain: str | None = None
    """The domain asked for, where one was."""
    row: int | None = None
    """The id of the mapping row that led here; `None` for a rule or a default plan."""

    def __init__(self, problem: str, *, plan: str, param: str | None = None) -> None:
        """`param` is the one at fault, where it is one."""
        self.problem, self.plan, self.param = problem, plan, param
        where = f"plan {plan!r}" + (f", param {param!r}" if param else "")
        super().__init__(f"{where}: {problem}")

    def found_at(self, domain: str, row: int | None) -> PlanUnusable:
        """Itself, after noting what led to it."""
        self.domain, self.row = domain, row
        return self


class RowInvalid(AutoconfigError):
    """What a query to the provider's own database answers for a name contradicts itself, or is no text."""

    def __init__(self, problem: str, column: str | None = None, domain: str | None = None) -> None:
        """`column` is the one at fault, where it is one; `domain` is whom it is about, where that is known."""
        self.problem, self.column, self.domain = problem, column, domain
        self.sentence = f"the query's column {column!r} {problem}" if column else f"the query's answer {problem}"
        super().__init__(f"{domain}: {self.sentence}" if domain else self.sentence)


class Inexpressible(AutoconfigError):
    """This format has no way to say what the account needs; the text is for the person who asked."""


class Refused(AutoconfigError):
    """Understood, and the answer is no; nothing was changed."""


class MappingUnavailable(AutoconfigError):
    """The mapping database is missing, locked or out of reach."""


class DNSUnavailable(AutoconfigError):
    """Only the MX could tell whose name this is, and the DNS did not say it, or was not asked to save it work."""
