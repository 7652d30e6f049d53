"""The purpose of each DNS record, in Japanese and English."""

from __future__ import annotations

from enum import Enum

from autoconfig.mail.account import Text


class Purpose(Enum):
    """Why a record is published; each value has a Japanese and an English text."""

    AUTOCONFIG = (
        "Thunderbird、Evolution、KMail、FairEmail などの自動設定",
        "automatic setup of Thunderbird, Evolution, KMail, FairEmail and others",
    )
    AUTODISCOVER = (
        "Outlook、eM Client、FairEmail などの自動設定 (Autodiscover)",
        "automatic setup of Outlook, eM Client, FairEmail and others (Autodiscover)",
    )
    AUTODISCOVER_SRV = (
        "Outlook の自動設定。お客様のドメイン名の証明書は不要です",
        "automatic setup of Outlook without a certificate for the customer's name",
    )
    PACC = ("PACC 対応メールソフトの自動設定", "automatic setup of mail programs that read PACC")
    PACC_DIGEST = (
        "PACC の文書が正しいことの確認。プランを変更すると値も変わります",
        "proof of the PACC document; it changes with the plan",
    )
    IMAP = ("受信サーバー (IMAP) の案内", "the server for incoming mail (IMAP)")
    POP3 = ("受信サーバー (POP3) の案内", "the server for incoming mail (POP3)")
    SUBMISSION = ("送信サーバー (SMTP) の案内", "the server for outgoing mail (SMTP)")
    NOT_OFFERED = ("このサービスは提供していないことの案内", "says that this service is not offered")
    SIEVE = ("メール振り分け (ManageSieve) サーバーの案内", "the server for mail filters (ManageSieve)")
    CALDAV = ("カレンダー (CalDAV) の案内", "the calendar (CalDAV)")
    CARDDAV = ("連絡先 (CardDAV) の案内", "the address book (CardDAV)")
    JMAP = ("JMAP サーバーの案内", "the JMAP server")
    MAILCONF = (
        "設定文書の場所の案内 (Himalaya が使います)",
        "where the settings are, for Himalaya",
    )
    MX_PATH = (
        "MX から設定を探す Thunderbird などのための、貴社側で一度だけ必要なレコード",
        "lets Thunderbird and others find the settings by a customer's MX; published once, by you",
    )

    @property
    def text(self) -> Text:
        """The sentence in both languages."""
        japanese, english = self.value
        return Text({"ja": japanese, "en": english})
