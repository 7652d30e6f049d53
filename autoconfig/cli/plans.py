"""`autoconfig plans`: looks at plans.toml, and at the rows that depend on it."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autoconfig.cli.checking import check_default, check_query_plans, query_warnings, unfit_rows
from autoconfig.cli.exits import Exit
from autoconfig.cli.looking import looked_at
from autoconfig.cli.options import AsJSON, settings_of
from autoconfig.cli.output import data_output, print_json, print_table
from autoconfig.errors import DocumentInvalid, FileInvalid
from autoconfig.plans import Plans, read_file, read_plans

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autoconfig.errors import Fault

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The plans of plans.toml.")


@app.callback()
def _group() -> None:
    pass


@app.command()
def check(context: typer.Context, as_json: AsJSON = False) -> None:
    """
    Check plans.toml, and the mapping against it.

    Every row that holds now or is scheduled has to make an account.

    Exit code 0: all is well; 1: rows do not fit; 2: plans.toml has faults.
    """
    settings = settings_of(context)
    try:
        plans = read_file(settings.plans)
    except FileInvalid as error:
        if as_json:
            print_json({"plans": [], "faults": _listed(error.faults), "warnings": [], "rows": []})
            raise typer.Exit(Exit.USAGE) from None
        raise
    check_default(plans, settings)
    check_query_plans(plans, settings)
    with looked_at(settings, int(time.time())) as reading:
        warnings = [*plans.warnings, *query_warnings(reading, plans)]
        unfit = list(unfit_rows(reading, plans))
    if as_json:
        rows = [
            {"row": row.id, "name": row.name, "plan": row.plan, "param": row.param, "problem": row.problem}
            for row in unfit
        ]
        print_json({"plans": list(plans.plans), "faults": [], "warnings": _listed(warnings), "rows": rows})
    else:
        for warning in warnings:
            typer.echo(f"warning: {warning}")
        for row in unfit:
            typer.echo(str(row))
        typer.echo(
            f"{settings.plans}: plans: {len(plans.plans)}, host rules: {len(plans.rules)}, unfit rows: {len(unfit)}"
        )
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
    print_table(("Plan", "Name", "Servers", "Params"), rows)


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
    file: Annotated[Path, typer.Argument(metavar="FILE.xml", help="A config-v1.1.xml that somebody published.")],
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="KEY", help="The plan's key; without it, made from the provider's id."),
    ] = None,
) -> None:
    """
    Make a plan of a published config-v1.1.xml. It is printed, to be appended to plans.toml.

    What a plan cannot hold stands in comments above it, and on standard error. Exit code 2: it is no such document.
    """
    from autoconfig.formats.mozilla_import import MAX_OCTETS, read_document
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
        comments += ["What the document says and this plan does not:", *(f"  {loss}" for loss in imported.losses)]
    text = plan_as_toml(imported.plan, comments)
    plans = read_plans(text.encode(), f"the plan made from {file.name}")
    data_output().write(text)
    for loss in imported.losses:
        typer.echo(f"{file}: {loss}", err=True)
    for warning in plans.warnings:
        typer.echo(f"warning: {warning}", err=True)
