"""What the page says about an account, as JSON. Texts are plain, in every language of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.explain.account_json import servers_json, services_json
from autoconfig.mail.account import Text
from autoconfig.mail.server import Protocol
from autoconfig.settings import PageLanguage
from autoconfig.web.pages import rendering
from autoconfig.web.pages.page_request import link
from autoconfig.web.pages.sources import has_profile
from autoconfig.web.pages.truths import truths

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.settings import Settings
    from autoconfig.web.pages.page_request import PageRequest
    from autoconfig.web.pages.truths import ProgramTruth
    from autoconfig.web.pages.view import AccountView

    Spoken = dict[str, str]


def account_json(
    settings: Settings, request: PageRequest, view: AccountView, base: str, *, signed: bool
) -> dict[str, object]:
    """
    The content of /setup.json.

    It takes milliseconds: call it in a thread. `base`: the beginning of paths below `public_url` (`Branding.base_of`).
    `signed`: whether the account's profiles are. A broken template raises any error of Jinja.
    """
    account, own = view.account, settings.templates_dir
    url = settings.public_url + base
    typed = {"email": view.address or account.domain.name}
    kept = {key: value for key, value in request.kept.items() if key != "program"}
    found = truths(account, own=own)
    return {
        "address": view.address,
        "domain": account.domain.name,
        "name": view.name,
        "plan": _spoken(account.name),
        "recommend": account.recommend,
        "servers": servers_json(account),
        "services": services_json(account),
        "webmail": account.webmail,
        "documentation": [
            {"url": entry.url, "text": _spoken(entry.text) if entry.text else None} for entry in account.documentation
        ],
        "profiles": [
            {"protocol": server.protocol, "url": url + _profile(view, request, server.protocol), "signed": signed}
            for server in view.receiving
            if has_profile(account, server.protocol)
        ],
        "programs": [
            _program(truth, url + link("/setup", **typed, **{**kept, "program": truth.program.value}))
            for truth in found
        ],
        "texts": [
            *_topics(view, own),
            *({"id": "note", "title": None, "text": _spoken(note)} for note in account.notes),
        ],
        "provider": {
            "name": _spoken(settings.provider) if settings.provider else None,
            "support_url": settings.support_url,
            "support_phone": settings.support_phone,
            "password_help": _help(settings.password_help),
            "password_reset_url": settings.password_reset_url,
        },
        "page": url + link("/setup", **typed, **kept),
    }


def problem_text(problem: str, domain: str | None, own: Path | None) -> Spoken:
    """What the page says first where there are no settings."""
    return {
        language.value: rendering.words("parts/problems.html", language, own)("heading", problem, domain)
        for language in PageLanguage
    }


def _program(truth: ProgramTruth, url: str) -> dict[str, object]:
    return {
        "program": truth.program,
        "name": _spoken(truth.name),
        "device": truth.device,
        "device_name": _spoken(truth.device_name),
        "source": truth.source,
        "source_text": _spoken(truth.source_text),
        "verdict": truth.verdict.replace(" ", "-"),
        "text": _spoken(truth.sentence) if truth.sentence else None,
        "instead": list(truth.instead),
        "checked_with": truth.checked or None,
        "url": url,
    }


def _topics(view: AccountView, own: Path | None) -> list[dict[str, object]]:
    by_language = {language: rendering.words("parts/topics.html", language, own) for language in PageLanguage}
    return [
        {
            "id": topic,
            **{
                part: {language.value: words(part, topic, view) for language, words in by_language.items()}
                for part in ("title", "text")
            },
        }
        for topic in view.facts.topics
    ]


def _profile(view: AccountView, request: PageRequest, protocol: Protocol) -> str:
    values = {"email": view.address or ""}
    if protocol is Protocol.POP3:
        values["protocol"] = protocol.value
    asked = {key: value for key, value in request.kept.items() if key in {"name", "lang"}}
    return link("/email.mobileconfig", **values, **asked)


def _spoken(text: Text) -> Spoken:
    """The text in each language of the page, as the page chooses it."""
    return {language.value: text.in_language(language.value) for language in PageLanguage}


def _help(texts: str | dict[PageLanguage, str] | None) -> Spoken | None:
    if texts is None:
        return None
    if isinstance(texts, str):
        return dict.fromkeys(map(str, PageLanguage), texts)
    return _spoken(Text({language.value: text for language, text in texts.items()}))
