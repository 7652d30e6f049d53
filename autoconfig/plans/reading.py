"""
Reads plans.toml. Every fault of a file is reported at once; a file with a fault gives no plans at all.

First the shape (`schema`), then `extends`, then each plan by itself, then the host rules. A plan that inherits from a
faulty one is not judged: its faults would be its parent's.
"""

from __future__ import annotations

import re
import tomllib
import warnings
from typing import TYPE_CHECKING

from autoconfig.errors import Fault, PatternInvalid, PlansInvalid, PlanUnusable
from autoconfig.mail.account import Documentation, Text
from autoconfig.mail.address import carriable
from autoconfig.mail.pattern import PARAM_NAME, VARIABLES, Pattern
from autoconfig.mail.plan import HostRule, Plan
from autoconfig.mail.server import Login, ServerTemplate, TLSMode
from autoconfig.mail.url import is_web_url
from autoconfig.plans.book import Plans
from autoconfig.plans.faults import validated
from autoconfig.plans.inheritance import flattened
from autoconfig.plans.schema import HostTable, ParamTable, PlanTable, ServerTable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.ASCII)
# Thunderbird (desktop, 153) knows these for sending only.
_OUTGOING_ONLY = {Login.NONE, Login.CLIENT_IP_ADDRESS}
# Columns of the mapping's CSV file that are no params.
_COLUMNS = {"name", "plan", "valid_from", "note"}
_SAMPLE_HOST = "sample.invalid"


def read_file(path: Path) -> Plans:
    """
    Read the plans of a file.

    Raises:
        PlansInvalid: it cannot be read or has faults; all of them are listed.
    """
    try:
        source = path.read_bytes()
    except OSError as error:
        raise PlansInvalid(
            str(path), [Fault("file", f"cannot be read: {error.strerror}", "check path and permissions")]
        ) from error
    return read_plans(source, str(path))


def read_plans(source: bytes, file: str = "plans.toml") -> Plans:
    """
    Read plans from the bytes of a file; `file` is what faults call it.

    Raises:
        PlansInvalid: it has faults; all of them are listed.
    """
    faults: list[Fault] = []
    document = _toml(source, file)
    for key in sorted(document.keys() - {"plans", "host"}):
        faults.append(Fault(key, "unknown table", "known are [plans.KEY] and [[host]]"))
    plan_tables, host_tables = document.get("plans", {}), document.get("host", [])
    if not isinstance(plan_tables, dict) or not plan_tables:
        faults.append(Fault("plans", "there is no plan", "add a table [plans.KEY]"))
        plan_tables = {}
    if not isinstance(host_tables, list):
        faults.append(Fault("host", "is not a list of tables", "write [[host]]"))
        host_tables = []
    tables = {key: validated(PlanTable, table, f"plans.{key}", faults) for key, table in plan_tables.items()}
    plans: dict[str, Plan] = {}
    try:
        for key, table in flattened(tables, faults).items():
            if plan := _plan(key, table, faults):
                plans[key] = plan
    except RecursionError as error:
        raise PlansInvalid(
            file, [Fault("plans", "hundreds of plans or params build on one another", "write them out")]
        ) from error
    rules = [_rule(number, table, plans, set(tables), faults) for number, table in enumerate(host_tables, 1)]
    if faults:
        raise PlansInvalid(file, faults)
    return Plans(plans, [rule for rule in rules if rule], source=source, warnings=_warnings(plans))


def _toml(source: bytes, file: str) -> dict[str, object]:
    try:
        return tomllib.loads(source.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise PlansInvalid(file, [Fault(f"line {line}", "is not UTF-8", "save the file as UTF-8")]) from error
    except ValueError as error:  # TOMLDecodeError, and what int() says of a number with 4301 digits
        raise PlansInvalid(file, [Fault("file", f"is not TOML: {error}", "is it saved whole?")]) from error
    except RecursionError as error:
        raise PlansInvalid(file, [Fault("file", "is nested too deeply", "a plan needs three levels")]) from error


def _plan(key: str, table: PlanTable, faults: list[Fault]) -> Plan | None:
    """The plan, or `None` after its faults were added."""
    place, before = f"plans.{key}", len(faults)
    if not _KEY.fullmatch(key):
        faults.append(Fault(place, "is no key for a plan", "use lower-case letters, digits, - and _"))
    if not table.name:
        faults.append(Fault(f"{place}.name", "this key is missing", "mail programs show it to the customer"))
    params = _params(place, table, faults)
    servers = [_server(f"{place}.servers[{n}]", server, params, faults) for n, server in enumerate(table.servers, 1)]
    _check_servers(place, table, faults)
    plan = Plan(
        key=key,
        name=_text(f"{place}.name", table.name or key, faults),
        short_name=_text(f"{place}.short_name", table.short_name, faults) if table.short_name else None,
        params=params,
        servers=tuple(server for server in servers if server),
        documentation=_documentation(place, table, faults),
        webmail=_link(f"{place}.webmail", table.webmail, faults),
        redirect_url=_pattern(f"{place}.redirect_url", table.redirect_url, params, faults),
        redirect_domain=_pattern(f"{place}.redirect_domain", table.redirect_domain, params, faults),
    )
    if len(faults) > before:
        return None
    try:
        plan.bind({name: _SAMPLE_HOST for name, default in params.items() if default is None})
    except PlanUnusable as error:
        faults.append(
            Fault(f"{place}.params.{error.param}" if error.param else place, error.problem, "correct the pattern")
        )
        return None
    return plan


def _params(place: str, table: PlanTable, faults: list[Fault]) -> dict[str, Pattern | None]:
    params: dict[str, Pattern | None] = {}
    for name, value in table.params.items():
        where = f"{place}.params.{name}"
        if name in VARIABLES | _COLUMNS or not PARAM_NAME.fullmatch(name):
            faults.append(
                Fault(
                    where,
                    "is no name for a param",
                    "a-z, 0-9, _; no slot and no CSV column has such a name",
                )
            )
        params[name] = None
        if not isinstance(value, ParamTable):
            params[name] = _pattern(where, value, table.params, faults)
    return params


def _pattern(where: str, text: str | None, params: Mapping[str, object], faults: list[Fault]) -> Pattern | None:
    if text is None:
        return None
    try:
        pattern = Pattern.parse(text)
    except PatternInvalid as error:
        faults.append(Fault(where, str(error), "write slots as {name}"))
        return None
    for name in sorted(pattern.params - params.keys()):
        faults.append(Fault(where, f"uses the undeclared param {{{name}}}", f"declare {name} in the plan's params"))
    if not carriable(text):
        faults.append(_uncarriable(where))
    if not pattern.parts:
        faults.append(Fault(where, "is empty", "write a pattern, or leave the key out"))
    return pattern


def _server(where: str, table: ServerTable, params: Mapping[str, object], faults: list[Fault]) -> ServerTemplate | None:
    missing = [key for key in ("host", "port", "tls", "login", "username") if getattr(table, key) is None]
    faults.extend(
        Fault(f"{where}.{key}", "this key is missing", "nothing is inherited here, so add it") for key in missing
    )
    host = _pattern(f"{where}.host", table.host, params, faults)
    username = _pattern(f"{where}.username", table.username, params, faults)
    for login in table.login or []:
        if table.protocol.incoming and login in _OUTGOING_ONLY:
            faults.append(Fault(f"{where}.login", f"{login} is for sending only", "choose a method with a user"))
    if host is None or username is None or table.port is None or table.tls is None or table.login is None:
        return None
    return ServerTemplate(table.protocol, host, table.port, table.tls, tuple(dict.fromkeys(table.login)), username)


def _check_servers(place: str, table: PlanTable, faults: list[Fault]) -> None:
    """What the servers of a plan have to be together."""
    redirects = [key for key in ("redirect_url", "redirect_domain") if getattr(table, key) is not None]
    if redirects:
        if len(redirects) + bool(table.servers) > 1:
            faults.append(Fault(f"{place}.{redirects[0]}", "a plan has servers or one redirect", "keep one of them"))
        return
    if not any(server.protocol.incoming for server in table.servers):
        faults.append(Fault(f"{place}.servers", "no incoming server", "add one with protocol imap or pop3"))
    if all(server.protocol.incoming for server in table.servers):
        faults.append(Fault(f"{place}.servers", "no outgoing server", "add one with protocol smtp"))
    modes: dict[str, set[TLSMode]] = {}
    for server in table.servers:
        if server.tls is not None:
            modes.setdefault(server.protocol, set()).add(server.tls)
    for protocol, of_protocol in modes.items():
        if TLSMode.PLAIN in of_protocol and len(of_protocol) > 1:
            faults.append(
                Fault(
                    f"{place}.servers", f"a plain {protocol} server stands beside one with TLS", "remove the plain one"
                )
            )


def _documentation(place: str, table: PlanTable, faults: list[Fault]) -> tuple[Documentation, ...]:
    pages = []
    for number, entry in enumerate(table.documentation or [], 1):
        where = f"{place}.documentation[{number}]"
        url = _link(f"{where}.url", entry.get("url", ""), faults)
        texts = {language: text for language, text in entry.items() if language != "url"}
        pages.append(Documentation(url or "", _text(where, texts, faults) if texts else None))
    return tuple(pages)


def _link(where: str, url: str | None, faults: list[Fault]) -> str | None:
    if url is not None and not is_web_url(url):
        faults.append(Fault(where, f"{url!r} is not a URL", "write a whole one, https://…, percent-encoded"))
    return url


def _text(where: str, value: str | Mapping[str, str], faults: list[Fault]) -> Text:
    texts = {"und": value} if isinstance(value, str) else dict(value)
    if not all(map(carriable, texts.values())):
        faults.append(_uncarriable(where))
    return Text(texts)


def _uncarriable(where: str) -> Fault:
    return Fault(where, "has characters that no document can carry", "remove control characters and line breaks")


def _rule(number: int, data: object, plans: Mapping[str, Plan], keys: set[str], faults: list[Fault]) -> HostRule | None:
    place = f"host[{number}]"
    table = validated(HostTable, data, place, faults)
    if table is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # an expression that the next Python may read otherwise
            match = re.compile(table.match, re.IGNORECASE | re.ASCII)
    except (re.error, ValueError, RecursionError, OverflowError, Warning) as error:
        faults.append(Fault(f"{place}.match", f"is not a regular expression: {error}", "see Python's re"))
        return None
    if table.plan not in keys:
        faults.append(
            Fault(f"{place}.plan", f"there is no plan {table.plan!r}", f"plans are {', '.join(sorted(keys))}")
        )
    plan = plans.get(table.plan)
    if plan is None:
        return None
    for name in sorted(match.groupindex.keys() - plan.params.keys()):
        faults.append(Fault(f"{place}.match", f"the plan {plan.key!r} has no param {name!r}", "rename the group"))
    required = {name for name, default in plan.params.items() if default is None}
    for name in sorted(required - match.groupindex.keys()):
        faults.append(Fault(f"{place}.match", f"the plan {plan.key!r} requires {name!r}", f"add a group (?P<{name}>…)"))
    return HostRule(match, plan.key)


def _warnings(plans: Mapping[str, Plan]) -> list[Fault]:
    return [
        Fault(
            f"plans.{plan.key}",
            f"the {server.protocol} server has no TLS",
            "Thunderbird for Android refuses the whole document of such a plan",
        )
        for plan in plans.values()
        for server in plan.servers
        if server.tls is TLSMode.PLAIN
    ]
