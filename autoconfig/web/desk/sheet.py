"""What the desk shows about an address: a sheet for people, and the same as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from autoconfig.explain.history import ended_by, history
from autoconfig.explain.json_values import explanation_json, mx_json, row_json
from autoconfig.explain.last_findings import result_json
from autoconfig.explain.reasons import either, named, why_not_now, why_nothing
from autoconfig.explain.sheet import (
    SheetSection,
    answer_section,
    check_section,
    history_section,
    servers_section,
    unknown_section,
)
from autoconfig.mail.server import Login, TLSMode
from autoconfig.settings import PageLanguage
from autoconfig.web.desk.documents import CustomerLink, DocumentURL, customer_links, document_urls
from autoconfig.web.pages import rendering
from autoconfig.web.pages.truths import ProgramTruth, truths
from autoconfig.web.pointer import base_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from autoconfig.dns.mx_answer import MXAnswer
    from autoconfig.explain.explanation import Explanation
    from autoconfig.mail.domain import Domain
    from autoconfig.mapping.record import Record
    from autoconfig.mapping.timeline import Timeline
    from autoconfig.results.domain_result import DomainResult


@dataclass(frozen=True, slots=True)
class DeskAnswer:
    """An address whose domain is served."""

    explained: Explanation
    truths: tuple[ProgramTruth, ...]
    documents: list[DocumentURL]
    links: list[CustomerLink]

    @classmethod
    def of(cls, explained: Explanation) -> DeskAnswer:
        """
        Put everything together; it takes milliseconds: call it in a thread.

        A broken template of the operator raises any error of Jinja (`rendering.fault` describes it).
        """
        settings, account = explained.settings, explained.account
        base = base_of(explained.resolution, settings.public_url)
        entrance = settings.public_url + base
        moved = account.redirects
        return cls(
            explained,
            () if moved else truths(account, base, settings.templates_dir),
            document_urls(account, entrance),
            [] if moved else customer_links(account, entrance),
        )

    def sections(self, language: str) -> list[SheetSection]:
        """The sheet in `ja` or `en`."""
        explained = self.explained
        zone = explained.settings.timezone
        rows = history(explained.facts.timeline, explained.now)
        return [
            answer_section(explained, language),
            *([servers_section(explained, self._words(language), language)] if explained.account.servers else []),
            *([self._programs(language)] if self.truths else []),
            self._documents(language),
            *([self._links(language)] if self.links else []),
            check_section(explained.facts.last_check, zone, language),
            history_section(rows, zone, language),
        ]

    def json_value(self) -> dict[str, object]:
        """The keys of `show --json`, and what the desk adds."""
        explained = self.explained
        return {
            **explanation_json(explained),
            "documents": {document.kind: document.url for document in self.documents},
            "programs": [
                {
                    "program": truth.program,
                    "name": dict(truth.name.by_language),
                    "source": truth.source,
                    "verdict": truth.verdict,
                    "problem": dict(truth.sentence.by_language) if truth.sentence else None,
                    "instead": list(truth.instead),
                    "url": explained.settings.public_url + truth.path,
                }
                for truth in self.truths
            ],
            "links": [{"lang": one.language, "for_iphone": one.for_iphone, "url": one.url} for one in self.links],
            "history": history_json(explained.facts.timeline, explained.now, explained.settings.timezone),
        }

    def _words(self, language: str) -> Callable[[str, str], str]:
        """What the page for customers calls a value of a server: `tls` or `login`."""
        call = rendering.words("parts/words.html", PageLanguage(language), self.explained.settings.templates_dir)
        return lambda column, value: call("tls", TLSMode(value)) if column == "tls" else call("method", Login(value))

    def _programs(self, language: str) -> SheetSection:
        names = {truth.program: truth.name.in_language(language) for truth in self.truths}
        rows = []
        for truth in self.truths:
            wrong = truth.sentence.in_language(language) if truth.sentence else ""
            if truth.instead:
                others = either(language, ja="、", en=", ").join(names[other] for other in truth.instead)
                wrong += "\n" + either(language, ja=f"代わりに: {others}", en=f"Instead: {others}")
            rows.append(
                (
                    names[truth.program],
                    truth.source_text.in_language(language),
                    wrong or either(language, ja="特にありません", en="nothing known"),
                )
            )
        heads = either(
            language, ja="メールソフト,設定の方法,うまくいかない点", en="Program,What it gets,What will go wrong"
        )
        title = either(language, ja="メールソフトごとの結果", en="Mail programs")
        return SheetSection("programs", title, rows, heads.split(","))

    def _documents(self, language: str) -> SheetSection:
        kinds = {
            "mozilla": "Thunderbird (config-v1.1.xml)",
            "microsoft": "Outlook (Autodiscover, POST)",
            "apple": either(language, ja="iPhone・Mac (プロファイル)", en="iPhone, Mac (profile)"),
            "pacc": "PACC",
        }
        needs = either(language, ja="メールアドレスを指定すると表示します", en="type a whole address to see it")
        none = either(language, ja="なし", en="none")
        rows = [
            (kinds[one.kind], one.url or (f"{none}: {one.problem}" if one.problem else needs)) for one in self.documents
        ]
        return SheetSection("documents", either(language, ja="メールソフトが取得する文書", en="Documents"), rows)

    def _links(self, language: str) -> SheetSection:
        def name(one: CustomerLink) -> str:
            shown = either(one.language, ja="日本語", en="English")
            page = either(language, ja="設定ページ", en="The page")
            iphone = either(language, ja="設定ページ・iPhone 用", en="The page, for an iPhone")
            return f"{iphone if one.for_iphone else page} ({shown})"

        title = either(language, ja="お客様に送れるリンク", en="Links for the customer")
        return SheetSection("links", title, [(name(one), one.url) for one in self.links])


@dataclass(frozen=True, slots=True)
class DeskUnknown:
    """An address whose domain is not served, or whose answer cannot be found now."""

    domain: Domain
    reason: str
    """The resolver's, in English."""
    is_known: bool
    """Whether it is certain that nothing answers."""
    timeline: Timeline[Record]
    exchangers: MXAnswer
    last_check: DomainResult | None
    zone: str
    now: int
    """Unix seconds."""

    def sections(self, language: str) -> list[SheetSection]:
        """The sheet in `ja` or `en`."""
        ended = ended_by(self.timeline, self.now)
        why = (
            why_nothing(self.reason, ended, self.zone, language)
            if self.is_known
            else why_not_now(self.reason, language)
        )
        return [
            unknown_section(named(self.domain), why, self.exchangers, language),
            *([check_section(self.last_check, self.zone, language)] if self.last_check else []),
            history_section(history(self.timeline, self.now), self.zone, language),
        ]

    def json_value(self) -> dict[str, object]:
        """As `show --json` has it, with the history."""
        return {
            "domain": self.domain.name,
            "how": None,
            "reason": self.reason,
            "mx": mx_json(self.exchangers),
            "last_check": result_json(self.last_check, self.zone),
            "history": history_json(self.timeline, self.now, self.zone),
        }


def history_json(timeline: Timeline[Record], now: int, zone: str) -> list[dict[str, object]]:
    """Every row with its state, the last written first."""
    return [{"state": state, **row_json(row, zone)} for state, row in history(timeline, now)]
