"""The sentences of an explanation, in Japanese and English."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.dns.mx_answer import MXStatus
from autoconfig.explain.history import RowState
from autoconfig.mail.params import readable
from autoconfig.mapping.times import format_time
from autoconfig.resolver import How

if TYPE_CHECKING:
    from autoconfig.dns.mx_answer import MXAnswer
    from autoconfig.explain.explanation import Explanation
    from autoconfig.mail.domain import Domain
    from autoconfig.mapping.record import Record

JA, EN = "ja", "en"


def either(language: str, *, ja: str, en: str) -> str:
    """The text in a language, `ja` or `en`."""
    return ja if language == JA else en


def why(explained: Explanation, language: str) -> str:
    """What answers: the row with its author and note, a host rule, the MX, or the default plan."""
    found, rule = explained.resolution, explained.rule
    row = _row(explained, language)
    under = "" if found.asked == found.domain else found.asked
    text = {
        How.ROW: row,
        How.HOST_RULE: either(
            language,
            ja=f"ホスト規則 {rule}{f'（問い合わせ先ホスト {under}）' if under else ''}",
            en=f"the host rule {rule}{f', under the host {under}' if under else ''}",
        ),
        How.EXCHANGER: row
        and either(
            language,
            ja=f"{row}（メールの配送先ホストとして。Mozilla 形式の文書のみ）",
            en=f"{row}, as a mail exchanger: Mozilla's document only",
        ),
        How.MX: either(
            language, ja=f"MX {found.exchanger}、ホスト規則 {rule}", en=f"MX {found.exchanger}, host rule {rule}"
        ),
        How.DEFAULT: either(language, ja="既定のプラン", en="the default plan"),
    }[found.how]
    note = explained.row.note if explained.row else None
    return text + (f" ({note})" if note else "")


def _row(explained: Explanation, language: str) -> str:
    row, name = explained.row, explained.resolution.row_of
    if row is None:
        return ""
    if explained.settings.query is not None:
        columns = ", ".join(["plan", *readable(row.params)])
        plural = "s" if "," in columns else ""
        return either(
            language, ja=f"データベースへの問い合わせ（列 {columns}）", en=f"the query, column{plural} {columns}"
        )
    since, by = explained.time(row.valid_from), row.changed_by
    return either(
        language,
        ja=f"登録 {row.id}{f'（{name}）' if name else ''}、{since} から、登録者 {by}",
        en=f"row {row.id}{f' of {name}' if name else ''}, since {since}, by {by}",
    )


def plan_text(explained: Explanation, language: str | None = None) -> str:
    """The key of the plan, and its name; in its first language without `language`."""
    return f"{explained.resolution.plan}: {explained.plan.name.in_language(language)}"


def params_text(params: str, language: str = EN) -> str:
    """The params of a row, of canonical JSON."""
    shown = ", ".join(f"{name} = {value}" for name, value in readable(params).items())
    return shown or either(language, ja="なし", en="none")


def next_text(explained: Explanation, language: str) -> str:
    """What is scheduled next."""
    later = explained.next
    if later is None:
        return either(language, ja="変更の予定はありません", en="nothing is scheduled")
    when = explained.time(later.valid_from)
    plan = later.plan or not_served(language)
    return either(language, ja=f"登録 {later.id}、{when} から: {plan}", en=f"row {later.id} from {when}: {plan}")


def not_served(language: str) -> str:
    """In place of the plan of a row that ends a domain."""
    return either(language, ja="提供終了", en="not served")


def found_by(explained: Explanation, language: str) -> str:
    """The DNS records that lead here, and the command that checks them."""
    records, check = ", ".join(explained.records()), explained.check()
    return either(language, ja=f"{records}（確認: {check}）", en=f"{records} ({check})")


def named(domain: Domain) -> str:
    """A domain as people write it, with its A-labels if they differ."""
    return domain.name if domain.display == domain.name else f"{domain.display} ({domain.name})"


def mx_text(answer: MXAnswer, language: str) -> str:
    """Where the mail of a domain goes."""
    if answer.hosts:
        return ", ".join(f"{host} ({preference})" for preference, host in answer.hosts)
    ja, en = _MX.get(answer.status, ("不明: DNS に問い合わせできませんでした", "unknown: the DNS could not be asked"))
    return either(language, ja=ja, en=en)


_MX = {
    MXStatus.NONE_OFFERED: (
        "なし: メールを受け取らないと MX が示しています",
        "nowhere: its MX says that it accepts no mail",
    ),
    MXStatus.NO_MX: ("ドメイン自身: MX がありません", "the domain itself: it has no MX"),
    MXStatus.NO_DOMAIN: ("なし: DNS にこのドメインがありません", "nowhere: the DNS does not know the domain"),
    MXStatus.FOUND: ("なし: MX がどれもホスト名ではありません", "nowhere: none of its MX is a host name"),
    MXStatus.NOT_ASKED: (
        "未確認: 特殊用途の名前、または当社のホストです",
        "not looked up: special-use name, or one of our own hosts",
    ),
    MXStatus.TIMED_OUT: ("不明: DNS が時間内に応答しませんでした", "unknown: the DNS did not answer in time"),
}


def state_text(state: RowState, language: str) -> str:
    """What a row of the history is now."""
    ja, en = {
        RowState.NOW: ("現在", "now"),
        RowState.SCHEDULED: ("予定", "scheduled"),
        RowState.PAST: ("過去", "past"),
        RowState.REPLACED: ("差し替え済み", "replaced"),
    }[state]
    return either(language, ja=ja, en=en)


def why_nothing(reason: str, ended: Record | None, zone: str, language: str) -> str:
    """
    Why nothing answers for a domain.

    Args:
        reason: the resolver's, in English.
        ended: the row that ended the domain, if one did.
        zone: the time zone of times.
        language: `ja` or `en`.
    """
    if ended is None:
        ja = "なし: 有効な登録がなく、一致するホスト規則も既定のプランもありません"
        return either(language, ja=ja, en=f"nothing: {reason}")
    when, by = format_time(ended.valid_from, zone), ended.changed_by
    return either(
        language,
        ja=f"なし: 登録 {ended.id} により、{when} に提供を終了しました（登録者 {by}）",
        en=f"nothing: {reason}, since {when}, by {by}",
    )


def why_not_now(problem: str, language: str) -> str:
    """Why an answer cannot be found now; `problem` is an error's text, in English."""
    return either(language, ja=f"現在は回答できません: {problem}", en=f"nothing now: {problem}")
