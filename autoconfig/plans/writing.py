"""Write a plan as TOML for plans.toml; reading it gives the same plan."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from autoconfig.mail.account import Recommend
from autoconfig.mail.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from autoconfig.mail.account import Text
    from autoconfig.mail.plan import Plan
    from autoconfig.mail.service import OAuth2

    Value = str | int | Pattern | Iterable[str]

# TOML 1.0: characters that a basic string must escape. Those from U+0080 on are allowed, but people cannot read them.
_SPECIAL = re.compile('["\\\\\x00-\x1f\x7f-\x9f]')
_BARE = re.compile("[A-Za-z0-9_-]+")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def plan_as_toml(
    plan: Plan, comments: Iterable[str] = (), why: Mapping[str, Iterable[str]] = MappingProxyType({})
) -> str:
    """
    Write the table `[plans.KEY]` with comment lines above it, to append to plans.toml.

    `why` has comment lines for `name`, `params`, and servers by number, such as `servers[1]`. Line breaks and control
    characters in a comment become spaces, so that it stays on its line.
    """
    lines = list(comment_lines(comments))
    key = plan.key if _BARE.fullmatch(plan.key) else _value(plan.key)
    lines += [f"[plans.{key}]", *comment_lines(why.get("name", ())), f"name = {_text(plan.name)}"]
    if plan.short_name:
        lines.append(f"short_name = {_text(plan.short_name)}")
    if plan.customer_name:
        lines.append(f"customer_name = {_text(plan.customer_name)}")
    if plan.recommend is not Recommend.IMAP:
        lines.append(f"recommend = {_value(plan.recommend.value)}")
    if plan.params:
        lines += comment_lines(why.get("params", ()))
        lines.append(f"params = {{ {', '.join(_param(*param) for param in plan.params.items())} }}")
    for key, value in (("redirect_url", plan.redirect_url), ("redirect_domain", plan.redirect_domain)):
        if value is not None:
            lines.append(f"{key} = {_value(value)}")
    lines += _list("servers", [*_servers(plan), *_services(plan)], why)
    pages = [{"url": page.url, **(page.text.by_language if page.text else {})} for page in plan.documentation]
    lines += _list("documentation", pages)
    lines += _list("notes", plan.notes)
    if plan.webmail is not None:
        lines.append(f"webmail = {_value(plan.webmail)}")
    if plan.oauth2 is not None:
        lines.append(f"oauth2 = {_table(_oauth2(plan.oauth2))}")
    return "\n".join(lines) + "\n"


def _servers(plan: Plan) -> Iterable[Mapping[str, Value]]:
    for server in plan.servers:
        where: dict[str, Value] = {"protocol": server.protocol.value, "host": server.host, "port": server.port}
        yield {**where, "tls": server.tls.value, "login": server.login, "username": server.username}


def _services(plan: Plan) -> Iterable[Mapping[str, Value]]:
    for service in plan.services:
        where: dict[str, Value] = {"protocol": service.kind.value, "url": service.url}
        if service.principal:
            where["principal"] = True
        yield {**where, "login": service.login, "username": service.username}


def _oauth2(oauth2: OAuth2) -> Mapping[str, Value]:
    optional = {"client_id": oauth2.client_id, "client_secret": oauth2.client_secret}
    return {
        "issuer": oauth2.issuer,
        "auth_url": oauth2.auth_url,
        "token_url": oauth2.token_url,
        "scope": oauth2.scope,
        **{key: value for key, value in optional.items() if value is not None},
    }


def _param(name: str, default: Pattern | None) -> str:
    return f"{name} = {_value(default) if default else '{ required = true }'}"


def _text(text: Text) -> str:
    languages = list(text.by_language)
    return _value(text.by_language["und"]) if languages == ["und"] else _table(text.by_language)


def comment_lines(comments: Iterable[str]) -> Iterable[str]:
    """Write comments for plans.toml, each on one line."""
    return (f"# {_CONTROL.sub(' ', comment)}".rstrip() for comment in comments)


def _list(
    key: str, tables: Iterable[Mapping[str, Value]], why: Mapping[str, Iterable[str]] = MappingProxyType({})
) -> list[str]:
    lines: list[str] = []
    for number, table in enumerate(tables, 1):
        lines += (f"  {comment}" for comment in comment_lines(why.get(f"{key}[{number}]", ())))
        lines.append(f"  {_table(table)},")
    return [f"{key} = [", *lines, "]"] if lines else []


def _table(table: Mapping[str, Value]) -> str:
    return f"{{ {', '.join(f'{key} = {_value(value)}' for key, value in table.items())} }}"


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str | Pattern):
        return '"' + _SPECIAL.sub(_escaped, str(value)) + '"'
    return f"[{', '.join(map(_value, value))}]"


def _escaped(found: re.Match[str]) -> str:
    character = found.group()
    return f"\\{character}" if character in '"\\' else f"\\u{ord(character):04X}"
