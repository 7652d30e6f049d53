"""
Replace each fault of plans.toml by something valid, so that reading it again finds the faults behind it.

A misspelt key is renamed to the key that it resembles, and a bad or missing value gets one that is always valid. The
result is never served.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from autoconfig.mail.server import Protocol
from autoconfig.mail.service import ServiceKind

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from autoconfig.errors import Fault

_HOST, _URL = "stand-in.invalid", "https://stand-in.invalid/"
_SERVER: Mapping[str, Any] = {
    "protocol": "imap",
    "host": _HOST,
    "port": 993,
    "tls": "ssl",
    "login": ["password-encrypted"],
    "username": "stand-in",
    "url": _URL,
}
_OAUTH2: Mapping[str, Any] = {
    "issuer": _URL,
    "auth_url": _URL,
    "token_url": _URL,
    "scope": ["stand-in"],
    "client_id": "stand-in",
    "client_secret": "stand-in",
}
_PLAN: Mapping[str, Any] = {
    "extends": None,
    "name": "Stand-in",
    "short_name": "Stand-in",
    "customer_name": "Stand-in",
    "recommend": "imap",
    "documentation": [],
    "webmail": _URL,
    "notes": [],
    "params": {},
    "servers": [],
    "oauth2": _OAUTH2,
    "redirect_url": _URL,
    "redirect_domain": _HOST,
}
_RULE: Mapping[str, Any] = {"match": "stand-in", "plan": None}
_REDIRECTS = ("redirect_url", "redirect_domain")

_END = re.compile(r"[.\[]|$")
_INDEX = re.compile(r"\[(\d+)\]\.?")


def mend(document: dict[str, Any], faults: Iterable[Fault]) -> None:
    """Mend these faults in `document`, as read from TOML; leave those that have no replacement."""
    plans = document.get("plans")
    plans = plans if isinstance(plans, dict) else {}
    for fault in faults:
        match _path(document, fault.place):
            case ["plans", str(key), *within] if isinstance(plan := plans.get(key), dict):
                _mend_plan(plan, within, plans)
            case ["host", int(number), str(key), *_] if isinstance(rule := document["host"][number], dict):
                _mend_key(rule, key, _RULE)
                if key == "plan" and isinstance(rule.get(key), str):
                    rule[key] = _nearest(rule[key], plans) or rule[key]


def first_key(keys: Container[str], place: str) -> str | None:
    """The longest of `keys` that a place begins with; keys may contain dots."""
    ends = [found.start() for found in _END.finditer(place)]
    return next((place[:end] for end in reversed(ends) if place[:end] in keys), None)


def _path(document: dict[str, Any], place: str) -> list[str | int]:
    """The existing keys and indices of a fault's place, then the key that is missing, if one is."""
    node: object = document
    path: list[str | int] = []
    while place:
        if isinstance(node, dict):
            key = first_key(node, place)
            if key is None:
                return [*path, place]
            path.append(key)
            node, place = node[key], place[len(key) :].removeprefix(".")
        elif isinstance(node, list) and (found := _INDEX.match(place)) and 0 < int(found[1]) <= len(node):
            path.append(index := int(found[1]) - 1)
            node, place = node[index], place[found.end() :]
        else:
            return path
    return path


def _mend_plan(plan: dict[str, Any], path: list[str | int], plans: Mapping[str, object]) -> None:
    match path:
        case ["servers", *within]:
            _mend_servers(plan, within)
        case ["oauth2", str(key), *_] if isinstance(plan["oauth2"], dict):
            _mend_key(plan["oauth2"], key, _OAUTH2)
        case ["params", str(name), *_] if isinstance(plan["params"], dict):
            plan["params"][name] = {"required": True} if isinstance(plan["params"].get(name), dict) else _HOST
        case ["documentation", int(number), *_]:
            plan["documentation"][number] = {"url": _URL}
        case ["notes", int(number), *_]:
            plan["notes"][number] = {"en": "Stand-in"}
        case ["extends"] if isinstance(plan.get("extends"), str):
            plan["extends"] = _nearest(plan["extends"], plans) or plan["extends"]
        case [("redirect_url" | "redirect_domain") as key] if plan.get("servers") or all(map(plan.get, _REDIRECTS)):
            del plan[key]
        case [str(key), *_]:
            _mend_key(plan, key, _PLAN)


def _mend_servers(plan: dict[str, Any], path: list[str | int]) -> None:
    servers = plan["servers"] if isinstance(plan.get("servers"), list) else []
    match path:
        case [int(number), str(key), *_] if isinstance(server := servers[number], dict):
            if key != "protocol":
                _mend_key(server, key, _SERVER)
                return
            near = _nearest(str(server.get("protocol", "")), [*Protocol, *ServiceKind])
            server["protocol"] = near or ("caldav" if "url" in server else "imap")
            if near:
                return
        case [int(number), *_]:
            servers[number] = _server("imap")
        case _:  # a fault of all servers together
            for server in servers:
                if isinstance(server, dict) and server.get("tls") == "plain":
                    server["tls"] = "ssl"
    # With these, no kind of server is missing, whatever the faulty ones were meant to be.
    plan["servers"] = [*servers, _server("imap"), _server("smtp")]


def _mend_key(table: dict[str, Any], key: str, good: Mapping[str, Any]) -> None:
    if key in good:
        if good[key] is not None:
            table[key] = good[key]
    elif key in table:
        value = table.pop(key)
        if near := _nearest(key, set(good) - table.keys()):
            table[near] = value


def _server(protocol: str) -> dict[str, Any]:
    return {key: value for key, value in _SERVER.items() if key != "url"} | {"protocol": protocol}


def _nearest(word: str, known: Iterable[str]) -> str | None:
    return next(iter(difflib.get_close_matches(word, [str(other) for other in known], 1)), None)
