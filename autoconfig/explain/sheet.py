"""
A sheet: sections of names and values, and tables, in one language.

`autoconfig desk` prints it, and the desk's page shows it, so that both say the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from autoconfig.explain import reasons
from autoconfig.explain.reasons import either
from autoconfig.mapping.times import format_time

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autoconfig.dns.mx_answer import MXAnswer
    from autoconfig.explain.explanation import Explanation
    from autoconfig.explain.history import RowState
    from autoconfig.mapping.record import Record
    from autoconfig.results.domain_result import DomainResult


class SheetSection(NamedTuple):
    """One part of a sheet: pairs of a name and a value, or a table."""

    key: str
    title: str
    rows: Sequence[Sequence[str]]
    columns: Sequence[str] = ()
    """The heads of a table; empty for pairs."""
    remark: str = ""
    """A sentence before the rows, or in their place."""


def answer_section(explained: Explanation, language: str) -> SheetSection:
    """What answers, and why."""
    found = explained.resolution
    rows = [
        (either(language, ja="ドメイン", en="Domain"), reasons.named(found.domain)),
        (either(language, ja="回答の根拠", en="Answered by"), reasons.why(explained, language)),
        (either(language, ja="プラン", en="Plan"), reasons.plan_text(explained, language)),
        (either(language, ja="パラメーター", en="Params"), reasons.params_text(found.params, language)),
        (either(language, ja="今後の変更", en="Next"), reasons.next_text(explained, language)),
        (
            either(language, ja="メールの配送先", en="Mail goes to"),
            reasons.mx_text(explained.facts.exchangers, language),
        ),
        (either(language, ja="必要な DNS レコード", en="Found by"), reasons.found_by(explained, language)),
    ]
    if explained.outlook_url:
        rows.append((either(language, ja="Outlook の案内先", en="Sent on to"), explained.outlook_url))
    if moved := explained.moved_to():
        rows.append((either(language, ja="移転先", en="Moved to"), moved))
    if oauth2 := explained.account.oauth2:
        rows.append((either(language, ja="トークンの発行元", en="Tokens from"), oauth2.issuer))
    return SheetSection("answer", either(language, ja="回答とその根拠", en="What answers, and why"), rows)


def unknown_section(name: str, why: str, exchangers: MXAnswer, language: str) -> SheetSection:
    """Why nothing answers."""
    rows = [
        (either(language, ja="ドメイン", en="Domain"), name),
        (either(language, ja="回答の根拠", en="Answered by"), why),
        (either(language, ja="メールの配送先", en="Mail goes to"), reasons.mx_text(exchangers, language)),
    ]
    return SheetSection("answer", either(language, ja="回答とその根拠", en="What answers, and why"), rows)


def servers_section(explained: Explanation, words: Callable[[str, str], str], language: str) -> SheetSection:
    """
    The servers that every document names.

    `words` returns what customers read for a value of the columns `tls` and `login`.
    """
    reached = [*explained.servers(), *({"host": service["url"], **service} for service in explained.services())]
    columns = ("protocol", "host", "port", "tls", "login", "username")
    heads = either(
        language,
        ja="プロトコル,サーバー名,ポート,接続の保護,認証方式,ユーザー名",
        en="Protocol,Server name,Port,Connection security,Authentication,User name",
    )
    rows = [tuple(_cell(column, entry.get(column, ""), words) for column in columns) for entry in reached]
    return SheetSection("servers", either(language, ja="サーバー", en="Servers"), rows, heads.split(","))


def check_section(result: DomainResult | None, zone: str, language: str) -> SheetSection:
    """What the newest check found, when, and on which machine."""
    title = either(language, ja="最近の確認結果", en="Last check")
    if result is None:
        never = either(language, ja="まだ確認していません。", en="This domain has not been checked yet.")
        return SheetSection("check", title, (), remark=never)
    when, machine = format_time(result.checked_at, zone), result.machine
    remark = either(language, ja=f"{when}、{machine} で確認。", en=f"Checked at {when} by the machine {machine}.")
    if not result.heard:
        remark += either(language, ja="DNS サーバーが応答しませんでした。", en=" No name server answered.")
    elif not result.findings:
        remark += either(language, ja="問題は見つかりませんでした。", en=" Nothing is wrong.")
    severities = {
        "error": either(language, ja="エラー", en="Error"),
        "warning": either(language, ja="警告", en="Warning"),
        "note": either(language, ja="参考", en="Note"),
    }
    rows = [
        (
            severities[found.severity],
            found.code,
            found.server,
            f"{found.kind.seen.in_language(language)}: {' '.join(found.seen.split())}",
            found.remedy.in_language(language),
        )
        for found in result.findings
    ]
    heads = either(language, ja="重要度,問題,対象,現象,対処", en="Severity,Finding,Server,Seen,What to do")
    return SheetSection("check", title, rows, heads.split(","), remark)


def history_section(rows: Sequence[tuple[RowState, Record]], zone: str, language: str) -> SheetSection:
    """Every row of the name, the last written first."""
    title = either(language, ja="登録の履歴", en="History")
    if not rows:
        return SheetSection("history", title, (), remark=either(language, ja="履歴はありません。", en="There is none."))
    heads = either(
        language,
        ja="状態,登録,プラン,パラメーター,開始,記録日時,登録者,メモ",
        en="State,Row,Plan,Params,From,Written,By,Note",
    )
    shown = [
        (
            reasons.state_text(state, language),
            str(row.id),
            row.plan or reasons.not_served(language),
            reasons.params_text(row.params, language),
            format_time(row.valid_from, zone),
            format_time(row.recorded_at, zone),
            row.changed_by,
            row.note or "",
        )
        for state, row in rows
    ]
    return SheetSection("history", title, shown, heads.split(","))


def _cell(column: str, value: object, words: Callable[[str, str], str]) -> str:
    if column not in {"tls", "login"} or not value:
        return str(value)
    return " / ".join(words(column, str(one)) for one in (value if isinstance(value, list) else [value]))
