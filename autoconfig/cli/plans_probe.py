"""`autoconfig plans probe`: looks at a domain's mail servers, and prints a plan of what it sees."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Annotated

import typer

from autoconfig.check.inputs import LIMIT, open_prober
from autoconfig.cli.domain_question import (
    AllowPrivate,
    CAFile,
    Nameserver,
    Timeout,
    check_name,
    given_nameservers,
    trust_of,
    with_nameservers,
)
from autoconfig.cli.exits import Exit
from autoconfig.cli.options import settings_of
from autoconfig.cli.output import data_output, say
from autoconfig.cli.plan_keys import warn_if_taken
from autoconfig.errors import InputInvalid
from autoconfig.mail.domain import Domain
from autoconfig.mail.plan import KEY, key_from
from autoconfig.plans import read_plans

if TYPE_CHECKING:
    from autoconfig.check.plan_probe.proposal import Proposal


def probe(
    context: typer.Context,
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="A mail domain.")],
    key: Annotated[
        str | None, typer.Option("--key", metavar="KEY", help="The plan's key; without it, made from the domain.")
    ] = None,
    ca_file: CAFile = None,
    given: Nameserver = None,
    timeout: Timeout = LIMIT,
    allow_private: AllowPrivate = False,
) -> None:
    """
    Make a plan of what a domain's servers offer. It is printed, to be appended to plans.toml.

    The servers are looked for by MX, SRV records and usual names, on the standard ports. No login is tried. A comment
    says why each value was chosen, and what could not be seen.

    Exit code 0: a plan was printed; 1: too little was seen for a plan; 3: the DNS cannot be asked.
    """
    name = Domain.parse(domain)
    chosen = key or key_from(name.name)
    if KEY.fullmatch(chosen) is None:
        raise InputInvalid(f"--key {chosen}: a key has letters, digits, - and _, and begins with a letter or digit")
    servers = given_nameservers(given)
    check_name(name, servers)
    settings = with_nameservers(settings_of(context), servers)
    prober = open_prober(settings, trust_of(ca_file), timeout)

    async def run() -> tuple[Proposal, bool]:
        from autoconfig.check.domain_view import DomainView
        from autoconfig.check.plan_probe.proposal import proposed
        from autoconfig.check.plan_probe.survey import survey
        from autoconfig.dns.factory import open_asker

        def look_up() -> DomainView:
            return DomainView(open_asker(settings, name, servers))

        seen = await survey(name.name, look_up, prober, allow_private=allow_private)
        return proposed(seen, chosen), seen.candidates.heard

    proposal, heard = asyncio.run(run())
    if not heard:
        say(f"{name}: the DNS cannot be asked", err=True)
        raise typer.Exit(Exit.UNAVAILABLE)
    _print(proposal, name)
    if proposal.plan is None:
        raise typer.Exit(Exit.NO)
    warn_if_taken(context, chosen)


def _print(proposal: Proposal, domain: Domain) -> None:
    """Print the plan; without one, what was seen as comments."""
    from autoconfig.plans.writing import comment_lines, plan_as_toml

    comments = [f"Seen by `autoconfig plans probe {domain}` on {time.strftime('%Y-%m-%d', time.gmtime())}."]
    if proposal.remarks:
        heading = "Seen, and left out of this plan" if proposal.plan else "No plan can be made of what was seen"
        comments += [f"{heading}:", *(f"  {remark}" for remark in proposal.remarks)]
    if proposal.plan is None:
        for reasons in proposal.why.values():
            comments += ["A server that could be in a plan:", *(f"  {reason}" for reason in reasons)]
        data_output().write("\n".join(comment_lines(comments)) + "\n")
        return
    text = plan_as_toml(proposal.plan, comments, proposal.why)
    plans = read_plans(text.encode(), f"the plan made for {domain}")
    data_output().write(text)
    for warning in plans.warnings:
        say(f"warning: {warning}", err=True)
