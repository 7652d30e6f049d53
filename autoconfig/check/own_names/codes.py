"""The codes of findings about the names that lead to this server, as mail programs ask them."""

from __future__ import annotations

from enum import StrEnum

from autoconfig.check.dns_codes import AUTOCONFIG, PACC
from autoconfig.check.finding import ALL, FindingKind, Severity, both

STRICT = ("Geary", "Delta Chat", "aerc", "Thunderbird for Android")
"""Programs that ask by https only, or trust nothing else."""
PLAIN_ONLY = ("KMail 22.12", "Horde", "Outlook")
"""Programs that ask by plain http only, or for a redirect."""


class NameCode(StrEnum):
    """Codes never change: programs and people search for them."""

    UNREACHABLE = "name-unreachable"
    ADDRESS_BROKEN = "name-address-broken"
    PRIVATE = "name-private-address"
    PLAIN_ONLY = "name-plain-http-only"
    TLS_ONLY = "name-https-only"
    SITE_CERTIFICATE = "name-certificate-of-website"
    OTHER_CERTIFICATE = "name-certificate-of-other"
    NO_ANSWER = "name-no-answer"
    NOT_FOUND = "name-domain-unknown"
    SERVER_ERROR = "name-server-error"
    HTML = "name-html-page"
    PARKED = "name-parking-page"
    OLD_DOCUMENT = "name-old-document"
    WRONG_TYPE = "name-content-type"
    LOOP = "name-redirect-loop"
    LEADS_AWAY = "name-redirect-away"
    FOREIGN = "name-foreign-server"
    AUTODISCOVER_FOREIGN = "autodiscover-foreign"
    AUTODISCOVER_STAYS = "autodiscover-no-redirect"
    SITE_UNTRUSTED = "autodiscover-website-certificate"
    PACC_REDIRECTED = "pacc-redirected"


_NO_SETTINGS = both(
    "メールソフトは設定を取得できません。",
    "Programs cannot get the settings.",
)

_HTTPS_REFUSED = both(
    "メールソフトは https を拒否します。一部は http で設定を取得し、ほかは手動設定になります。",
    "Programs refuse https. Some go on with plain http, and the others ask the user for the settings.",
)

_GET_CERTIFICATE = both(
    "この名前の証明書を取得し、リバースプロキシでこの名前に割り当ててください。",
    "Get a certificate for this name, and let the proxy present it for this name (SNI).",
)

_PAGE_IS_NO_DOCUMENT = both(
    "Thunderbird は 200 の応答を設定文書とみなして解析に失敗し、ほかの取得先も使いません。",
    "Thunderbird takes the page for the settings, fails to read it, and uses no other source either.",
)

KINDS: dict[str, FindingKind] = {
    NameCode.UNREACHABLE: FindingKind(
        Severity.ERROR,
        both("名前に https でも http でも接続できない", "neither https nor http of the name can be connected to"),
        _NO_SETTINGS,
        both(
            "リバースプロキシの稼働と、ファイアウォールの 443 番・80 番ポートを確認してください。",
            "Check that the reverse proxy runs, and that the firewall lets ports 443 and 80 through.",
        ),
        ALL,
    ),
    NameCode.ADDRESS_BROKEN: FindingKind(
        Severity.WARNING,
        both(
            "名前のアドレスの一部だけ接続できない (IPv4 または IPv6)",
            "some of the name's addresses cannot be connected to, such as the IPv6 ones",
        ),
        both(
            "一部の利用者だけが設定を取得できない、または待たされます。",
            "Some users wait, or do not get the settings.",
        ),
        both(
            "そのアドレスでも待ち受けるか、そのアドレスのレコードを削除してください。",
            "Let the proxy listen on this address too, or delete its record.",
        ),
        ALL,
    ),
    NameCode.PRIVATE: FindingKind(
        Severity.WARNING,
        both(
            "名前が私的なアドレスまたはループバックを指している",
            "the name has a private or loopback address, and was not connected to",
        ),
        both("外部のメールソフトは接続できません。", "Programs outside of your network cannot connect."),
        both(
            "公開アドレスにしてください。社内だけで使う場合は --allow-private で確認できます。",
            "Give it a public address. If it is meant for your own network, check it with --allow-private.",
        ),
        ALL,
    ),
    NameCode.PLAIN_ONLY: FindingKind(
        Severity.WARNING,
        both("設定文書が暗号化なしの http でしか取得できない", "the settings are there by plain http only"),
        both(
            "https だけを使うメールソフトは設定を取得できず、ほかのメールソフトも改ざんされうる設定を受け取ります。",
            "Programs that ask by https only get nothing, and for all others the settings can be forged on the way.",
        ),
        both(
            "この名前の証明書を取得し、443 番ポートで待ち受けてください。",
            "Get a certificate for this name, and let the proxy listen on port 443.",
        ),
        STRICT,
    ),
    NameCode.TLS_ONLY: FindingKind(
        Severity.NOTE,
        both("http (80 番ポート) に接続できない", "plain http (port 80) cannot be connected to"),
        both(
            "http だけを使うメールソフトは設定を見つけられません。",
            "Programs that ask by plain http only do not find the settings.",
        ),
        both(
            "80 番ポートでも待ち受け、このサーバーに渡してください。",
            "Let the proxy listen on port 80 too, and pass requests to this server.",
        ),
        PLAIN_ONLY,
    ),
    NameCode.SITE_CERTIFICATE: FindingKind(
        Severity.WARNING,
        both(
            "ウェブサイトの証明書が提示される (この名前を含まない)",
            "the certificate is the web site's and does not cover this name",
        ),
        _HTTPS_REFUSED,
        _GET_CERTIFICATE,
        ALL,
    ),
    NameCode.OTHER_CERTIFICATE: FindingKind(
        Severity.WARNING,
        both("別の名前の証明書が提示される", "the certificate is for other names"),
        _HTTPS_REFUSED,
        _GET_CERTIFICATE,
        ALL,
    ),
    NameCode.NO_ANSWER: FindingKind(
        Severity.ERROR,
        both(
            "接続はできるが、時間内に正しい HTTP の応答がない",
            "the server accepts the connection, but gives no valid HTTP response in time",
        ),
        both(
            "メールソフトは待たされたうえ、設定を取得できません。",
            "Programs wait, and then do not get the settings.",
        ),
        both(
            "この名前とポートで何が動いているか、プロキシの転送先が動いているかを確認してください。",
            "Check what listens under this name and port, and whether the proxy's upstream runs.",
        ),
        ALL,
    ),
    NameCode.NOT_FOUND: FindingKind(
        Severity.ERROR,
        both(
            "このサーバーが応答するが、このドメインの設定はないと答える",
            "this server answers, and says that it has no settings for the domain",
        ),
        _NO_SETTINGS,
        both(
            "プロキシが Host ヘッダーをそのまま渡すか、応答したサーバーに割り当てがあるかを確認してください。",
            "Check that the proxy passes the Host header on, and that the server that answers has this mapping.",
        ),
        ALL,
    ),
    NameCode.SERVER_ERROR: FindingKind(
        Severity.ERROR,
        both("サーバーがエラー (5xx) を返す", "the server answers with an error (5xx)"),
        _NO_SETTINGS,
        both(
            "502 や 504 の場合は転送先 (autoconfig serve) の稼働を、それ以外はログを確認してください。",
            "With 502 or 504, check that `autoconfig serve` runs behind the proxy; otherwise read the log.",
        ),
        ALL,
    ),
    NameCode.HTML: FindingKind(
        Severity.ERROR,
        both(
            "設定文書のかわりに HTML のページを 200 で返す",
            "status 200 comes with an HTML page, not the settings",
        ),
        _PAGE_IS_NO_DOCUMENT,
        both(
            "この名前をこのサーバーに転送してください。ウェブサーバーに残す場合は、このパスに 404 を返してください。",
            "Pass requests for this name to this server. If a web server keeps it, let that path answer 404.",
        ),
        AUTOCONFIG,
    ),
    NameCode.PARKED: FindingKind(
        Severity.ERROR,
        both("ドメインパーキングのページが応答する", "a domain parking page answers"),
        _PAGE_IS_NO_DOCUMENT,
        both(
            "レジストラのパーキングを解除し、この名前をこのサーバーに向けてください。",
            "Switch parking off at the registrar, and let the name lead to this server.",
        ),
        AUTOCONFIG,
    ),
    NameCode.OLD_DOCUMENT: FindingKind(
        Severity.ERROR,
        both(
            "別の値の設定文書が応答する (古い静的ファイルなど)",
            "the document has other values, as an old file does",
        ),
        both("メールソフトは別の値で設定されます。", "Programs are set up with these other values."),
        both(
            "古いファイルを削除し、この名前をこのサーバーに転送してください。",
            "Delete the old file, and pass requests for this name to this server.",
        ),
        ALL,
    ),
    NameCode.WRONG_TYPE: FindingKind(
        Severity.ERROR,
        both("設定文書の Content-Type が正しくない", "the Content-Type of the document is wrong"),
        both(
            "Thunderbird は text/xml と application/xml 以外の文書を拒否します。",
            "Thunderbird refuses a document that is not text/xml or application/xml.",
        ),
        both(
            "プロキシで Content-Type を変更せず、このサーバーの応答をそのまま渡してください。",
            "Let the proxy pass this server's Content-Type on unchanged.",
        ),
        AUTOCONFIG,
    ),
    NameCode.LOOP: FindingKind(
        Severity.ERROR,
        both("リダイレクトが循環している、または続きすぎる", "redirects form a circle, or there are too many of them"),
        both("メールソフトは途中でやめ、設定を取得できません。", "Programs give up, and do not get the settings."),
        both(
            "プロキシのリダイレクトの設定と、X-Forwarded-Proto の受け渡しを確認してください。",
            "Check the proxy's redirects, and that it sends X-Forwarded-Proto.",
        ),
        ALL,
    ),
    NameCode.LEADS_AWAY: FindingKind(
        Severity.ERROR,
        both("別のサーバーへリダイレクトされる", "the name redirects to another server"),
        both(
            "メールソフトはその先の設定を取得するか、設定を取得できません。",
            "Programs get the settings of that server, or none.",
        ),
        both(
            "リダイレクトを外し、この名前をこのサーバーに転送してください。",
            "Remove the redirect, and pass requests for this name to this server.",
        ),
        ALL,
    ),
    NameCode.FOREIGN: FindingKind(
        Severity.ERROR,
        both("このサーバーではないサーバーが応答する", "a server answers that is not this one"),
        both("メールソフトは設定を取得できません。", "Programs do not get the settings."),
        both(
            "この名前をこのサーバーに転送するよう、リバースプロキシを設定してください。",
            "Configure the reverse proxy to pass requests for this name to this server.",
        ),
        ALL,
    ),
    NameCode.AUTODISCOVER_FOREIGN: FindingKind(
        Severity.ERROR,
        both("Autodiscover に別のサーバーが応答する", "somebody else's server answers Autodiscover"),
        both(
            "Outlook はその設定を使う、またはそのサーバーのパスワードを尋ねます。",
            "Outlook uses the settings of that server, or asks the user for a password for it.",
        ),
        both(
            "そのサーバー (ホスティングのパネル、以前の Exchange など) の Autodiscover を無効にしてください。",
            "Switch Autodiscover off on that server, such as a hosting panel or an old Exchange.",
        ),
        ("Outlook", "Thunderbird", "FairEmail", "Delta Chat"),
    ),
    NameCode.AUTODISCOVER_STAYS: FindingKind(
        Severity.WARNING,
        both(
            "http の Autodiscover が https の URL へリダイレクトされない",
            "Autodiscover by plain http does not redirect to an https URL of this server",
        ),
        both(
            "証明書のない名前では、Outlook はこのリダイレクトだけが頼りです。",
            "Where the name has no certificate, this redirect is Outlook's only way here.",
        ),
        both(
            "80 番ポートの要求を X-Forwarded-Proto とともにこのサーバーに渡し、public_url を確認してください。",
            "Pass requests on port 80 to this server with X-Forwarded-Proto, and check `public_url`.",
        ),
        ("Outlook",),
    ),
    NameCode.SITE_UNTRUSTED: FindingKind(
        Severity.NOTE,
        both(
            "ドメインのウェブサーバーの証明書がドメイン名を含まない、または信頼できない",
            "the certificate of the domain's own web server is not valid for the domain",
        ),
        both(
            "Outlook は最初にこの名前に問い合わせ、証明書の警告を表示することがあります。",
            "Outlook asks this name first, and may show its user a warning about the certificate.",
        ),
        both(
            "ウェブサーバーにドメイン名の証明書を設定するか、443 番ポートを閉じてください。",
            "Give the web server a certificate for the domain, or close its port 443.",
        ),
        ("Outlook",),
    ),
    NameCode.PACC_REDIRECTED: FindingKind(
        Severity.WARNING,
        both("PACC の文書がリダイレクトされる", "the PACC document is redirected"),
        both(
            "PACC 対応のメールソフトはリダイレクトを失敗とみなします。",
            "Readers of PACC take a redirect for a failure.",
        ),
        both(
            "この名前の要求をリダイレクトせず、このサーバーに渡してください。",
            "Pass requests for this name to this server without a redirect.",
        ),
        PACC,
    ),
}
