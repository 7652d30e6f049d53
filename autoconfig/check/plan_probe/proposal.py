"""A plan of what was seen, and why each value was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from autoconfig.check.plan_probe.candidates import usual_rank
from autoconfig.check.plan_probe.probed_port import has_plain
from autoconfig.mail.account import Text
from autoconfig.mail.domain import Domain
from autoconfig.mail.pattern import Pattern, Slot
from autoconfig.mail.plan import Plan
from autoconfig.mail.server import MAIL, Login, ServerTemplate, TLSMode

if TYPE_CHECKING:
    from autoconfig.check.plan_probe.candidates import Port
    from autoconfig.check.plan_probe.probed_port import UsablePort
    from autoconfig.check.plan_probe.survey import Survey
    from autoconfig.mail.server import Protocol

USERNAME = "username"
"""The param for the form of user names, which cannot be seen without a login."""
_TLS = {
    TLSMode.SSL: "TLS from the first byte",
    TLSMode.STARTTLS: "STARTTLS is offered, and TLS begins after it",
    TLSMode.PLAIN: "neither TLS nor STARTTLS is offered, so mail is unprotected on its way",
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan, or none, and what was seen."""

    plan: Plan | None
    """`None` if no server for receiving or none for sending can be announced."""
    why: dict[str, list[str]]
    """The reasons for the values, by the place in the plan, such as `servers[1]`."""
    remarks: list[str]
    """What was seen beside the servers of the plan."""


def proposed(seen: Survey, key: str) -> Proposal:
    """Make a plan of the best server for each protocol."""
    chosen = [best for protocol in MAIL if (best := _best(seen, protocol)) is not None]
    why = {f"servers[{n}]": _reasons(seen, one) for n, one in enumerate(chosen, 1)}
    remarks = _remarks(seen, chosen)
    protocols = {one.place.protocol for one in chosen}
    missing = [
        what
        for what, has in (
            ("receiving", any(protocol.incoming for protocol in protocols)),
            ("sending", any(protocol.outgoing for protocol in protocols)),
        )
        if not has
    ]
    if missing:
        return Proposal(None, why, [f"No server for {' and none for '.join(missing)} can be announced.", *remarks])
    why["name"] = ["What customers see; the domain stands here until you choose a name."]
    why["params"] = [
        "The form of user names cannot be seen without a login, so each row has to give it.",
        'If it is the mail address for all, write: params = { username = "{address}" }',
    ]
    plan = Plan(key, Text({"und": Domain(seen.domain).display}), None, {USERNAME: None}, tuple(map(_template, chosen)))
    return Proposal(plan, why, remarks)


def _template(one: UsablePort) -> ServerTemplate:
    place, username = one.place, Pattern((Slot(USERNAME),))
    return ServerTemplate(place.protocol, Pattern((one.host,)), place.port, place.tls, one.logins, username)


def _best(seen: Survey, protocol: Protocol) -> UsablePort | None:
    """TLS first, then what SRV records name, TLS from the first byte, the host with the most protocols, usual names."""

    def rank(one: UsablePort) -> tuple[object, ...]:
        others = {other.place.protocol for other in seen.usable if other.host == one.host and _is_certified(other)}
        return (
            one.place.tls is TLSMode.PLAIN,
            _record(seen, one) is None,
            one.place.tls is not TLSMode.SSL,
            -len(others),
            usual_rank(one.host, seen.domain, protocol),
            one.host,
            one.place.port,
        )

    usable = [one for one in seen.usable if one.place.protocol is protocol and one.logins]
    return min(usable, key=rank, default=None)


def _is_certified(one: UsablePort) -> bool:
    return one.place.tls is not TLSMode.PLAIN


def _record(seen: Survey, one: UsablePort) -> str | None:
    """The SRV record that names a port; one for STARTTLS also names the port without."""
    place = one.place._replace(tls=TLSMode.STARTTLS) if one.place.tls is TLSMode.PLAIN else one.place
    return seen.candidates.services.get((one.host, place))


def _reasons(seen: Survey, one: UsablePort) -> list[str]:
    record = _record(seen, one)
    certificate = ""
    if one.certificate is not None:
        certificate = f"; its certificate has this name and is valid until {one.certificate.not_after:%Y-%m-%d}"
    others = [
        f"{other.place.port} ({other.place.tls})"
        for other in seen.usable
        if other.host == one.host and other.place.protocol is one.place.protocol and other.place != one.place
    ]
    also = f"; also seen: {', '.join(others)}" if others else ""
    reasons = [
        f"host: {record or seen.candidates.hosts[one.host]}{certificate}",
        f"port {one.place.port}: {'named by that record' if record else 'the standard port'}, and it answers{also}",
        f"tls: {_TLS[one.place.tls]}",
        f"login: {_login_reason(one)}",
    ]
    return reasons + [f"note: {remark}" for remark in one.remarks]


def _login_reason(one: UsablePort) -> str:
    """What is offered, and why the chosen one of it."""
    offers = one.offers
    listed = f"offered: {offers.listed()}"
    if Login.ENCRYPTED in one.logins and has_plain(offers):
        return f"{listed}; CRAM-MD5 or APOP, because the password as it is would be sent unprotected"
    if Login.CLEARTEXT in one.logins and offers.has(Login.ENCRYPTED):
        return f"{listed}; the password as it is, because TLS protects it, and it works with every store of passwords"
    token = "; tokens (OAuth2) need the table oauth2, which cannot be seen" if offers.has(Login.OAUTH2) else ""
    return f"{listed}{token}"


def _remarks(seen: Survey, chosen: list[UsablePort]) -> list[str]:
    remarks = [f"{record}: not offered" for record in seen.candidates.refusals.values()]
    remarks += [f"{host}: {why}" for host, why in seen.unresolved.items()]
    for one in seen.usable:
        if not one.logins:
            remarks.append(f"{_place(one.host, one.place)}: no login that a plan can have: {one.offers.listed()}")
    closed: dict[str, list[str]] = {}
    others: dict[tuple[Port, str], list[str]] = {}
    for port in seen.unusable:
        if port.is_closed:
            closed.setdefault(f"{port.host}: {port.why.partition(': ')[2] or port.why}", []).append(
                str(port.place.port)
            )
        else:
            others.setdefault((port.place, port.why), []).append(port.host)
    for (place, why), (host, *more) in others.items():
        remarks.append(f"{_place(host, place)}: {why}" + (f"; the same as {', '.join(more)}" if more else ""))
    remarks += [f"{why} (port {', '.join(dict.fromkeys(ports))})" for why, ports in closed.items()]
    hosts = dict.fromkeys(one.host for one in seen.usable if one.logins and one.host not in {c.host for c in chosen})
    remarks += [f"{host}: also works, and was not chosen" for host in hosts]
    return remarks


def _place(host: str, place: Port) -> str:
    return f"{host}:{place.port} ({place.protocol}, {place.tls})"
