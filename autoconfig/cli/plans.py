"""`autoconfig plans`: check, list and import plans."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autoconfig.cli.checking import query_warnings, read_served, summed_up, unfit_rows, unsigned
from autoconfig.cli.exits import Exit
from autoconfig.cli.options import AsJSON, settings_of
from autoconfig.cli.output import data_output, print_json, print_table, say
from autoconfig.cli.plan_keys import warn_if_taken
from autoconfig.cli.plans_probe import probe
from autoconfig.cli.read_only import looked_at
from autoconfig.errors import DocumentInvalid, FileInvalid
from autoconfig.plans import Plans, read_file, read_plans

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autoconfig.errors import Fault

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Check, list and import the plans of plans.toml.")


@app.callback()
def _group() -> None:
    pass


@app.command()
def check(context: typer.Context, as_json: AsJSON = False) -> None:
    """
    Check plans.toml, and the mapping against it.

    Every row that holds now or is scheduled has to make an account. Exit code 0: all is well; 1: rows do not fit; 2:
    plans.toml has faults.
    """
    settings = settings_of(context)
    try:
        plans = read_served(settings)
    except FileInvalid as error:
        if as_json:
            print_json({"plans": [], "faults": _listed(error.faults), "warnings": [], "rows": []})
            raise typer.Exit(Exit.USAGE) from None
        raise
    with looked_at(settings, int(time.time())) as reading:
        warnings = [*plans.warnings, *unsigned(settings, plans), *query_warnings(reading, plans)]
        unfit = list(unfit_rows(reading, plans))
    if as_json:
        rows = [
            {"row": row.id, "name": row.name, "plan": row.plan, "param": row.param, "problem": row.problem}
            for row in unfit
        ]
        print_json({"plans": list(plans.plans), "faults": [], "warnings": _listed(warnings), "rows": rows})
    else:
        for warning in warnings:
            say(f"warning: {warning}")
        for line in summed_up(unfit):
            say(line)
        say(f"{settings.plans}: plans: {len(plans.plans)}, host rules: {len(plans.rules)}, unfit rows: {len(unfit)}")
    if unfit:
        raise typer.Exit(Exit.NO)


def _listed(faults: Iterable[Fault]) -> list[dict[str, str]]:
    return [{"place": fault.place, "problem": fault.problem, "remedy": fault.remedy} for fault in faults]


@app.command("list")
def list_(context: typer.Context, as_json: AsJSON = False) -> None:
    """List the plans with their servers."""
    plans = read_file(settings_of(context).plans)
    if as_json:
        print_json([_described(plans, key) for key in plans.plans])
        return
    rows = []
    for plan in plans.plans.values():
        moved = str(plan.redirect_url or plan.redirect_domain or "")
        servers = [f"{s.protocol} {s.host} {s.port} {s.tls} {'+'.join(s.login)}" for s in plan.servers]
        servers += [f"{s.kind} {s.url} {'+'.join(s.login)}" for s in plan.services]
        servers += [f"tokens from {plan.oauth2.issuer}"] if plan.oauth2 else []
        params = [f"{name} = {default}" if default else f"{name} (required)" for name, default in plan.params.items()]
        rows.append((plan.key, plan.name.in_language(), "\n".join(servers) or f"moved to {moved}", "\n".join(params)))
    print_table(("Plan", "Name", "Servers", "Params"), rows, empty="no plans")


def _described(plans: Plans, key: str) -> dict[str, object]:
    plan = plans.plans[key]
    return {
        "plan": key,
        "name": dict(plan.name.by_language),
        "params": {name: str(default) if default else None for name, default in plan.params.items()},
        "servers": [
            {
                "protocol": server.protocol,
                "host": str(server.host),
                "port": server.port,
                "tls": server.tls,
                "login": list(server.login),
                "username": str(server.username),
            }
            for server in plan.servers
        ],
        "services": [
            {
                "protocol": service.kind,
                "url": str(service.url),
                "principal": service.principal,
                "login": list(service.login),
                "username": str(service.username),
            }
            for service in plan.services
        ],
        "oauth2": asdict(plan.oauth2) if plan.oauth2 else None,
        "redirect_url": str(plan.redirect_url) if plan.redirect_url else None,
        "redirect_domain": str(plan.redirect_domain) if plan.redirect_domain else None,
    }


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.xml", help="A published config-v1.1.xml.")],
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="KEY", help="The plan's key; default: made from the provider's id."),
    ] = None,
) -> None:
    """
    Make a plan from a published config-v1.1.xml. It is printed, to be appended to plans.toml.

    Comments above it, and standard error, list what the plan cannot hold. Exit code 2: it is not such a document.
    """
    from autoconfig.formats.mozilla import NOT_CARRIED
    from autoconfig.migrate.config_v11 import MAX_OCTETS, read_document
    from autoconfig.plans.writing import plan_as_toml

    try:
        with file.open("rb") as opened:
            body = opened.read(MAX_OCTETS + 1)
    except OSError as error:
        raise DocumentInvalid(f"{file}: cannot be read: {error.strerror}; name a config-v1.1.xml") from error
    try:
        imported = read_document(body, key)
    except DocumentInvalid as error:
        raise DocumentInvalid(f"{file}: {error}") from error
    comments = [f"Made from {file.name} by `autoconfig plans import`."]
    if imported.losses:
        comments += ["In the document, but not in this plan:", *(f"  {loss}" for loss in imported.losses)]
    text = plan_as_toml(imported.plan, comments)
    plans = read_plans(text.encode(), f"the plan made from {file.name}")
    data_output().write(text)
    for loss in imported.losses:
        say(f"{file}: {loss}", err=True)
    for warning in plans.warnings:
        say(f"warning: {warning}", err=True)
    plan = imported.plan
    kinds = [*(server.protocol for server in plan.servers), *(service.kind for service in plan.services)]
    if unserved := [kind for kind in dict.fromkeys(kinds) if kind in NOT_CARRIED]:
        said = f"Mozilla's document from here will not have what is in the plan: {', '.join(unserved)}"
        say(f"warning: plans.{plan.key}: {said}; some programs would refuse the whole document", err=True)
    warn_if_taken(context, plan.key)


app.command()(probe)
