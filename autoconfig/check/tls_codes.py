"""The codes of findings about TLS and certificates."""

from __future__ import annotations

from enum import StrEnum

from autoconfig.check.finding import ALL, FindingKind, Severity, both


class TLSCode(StrEnum):
    """Codes never change: programs and people search for them."""

    SELF_SIGNED = "certificate-self-signed"
    UNTRUSTED = "certificate-untrusted"
    WRONG_NAME = "certificate-wrong-name"
    INCOMPLETE = "certificate-chain-incomplete"
    EXPIRED = "certificate-expired"
    NOT_YET_VALID = "certificate-not-yet-valid"
    WEAK_KEY = "certificate-weak-key"
    WEAK_SIGNATURE = "certificate-weak-signature"
    EXPIRES_SOON = "certificate-expires-soon"
    TOO_OLD = "tls-too-old"
    FAILED = "tls-failed"
    NO_TLS = "tls-not-spoken"
    SNI_NEEDED = "tls-sni-needed"


_WARNED = both("メールソフトは接続を拒否するか、警告を表示します。", "Programs refuse to connect, or show a warning.")

TLS_KINDS: dict[str, FindingKind] = {
    TLSCode.SELF_SIGNED: FindingKind(
        Severity.ERROR,
        both("証明書が自己署名である", "the certificate is self-signed"),
        _WARNED,
        both(
            "公的な認証局の証明書 (Let's Encrypt など) を設定してください。",
            "Install a certificate of a public certificate authority, such as Let's Encrypt.",
        ),
        ALL,
    ),
    TLSCode.UNTRUSTED: FindingKind(
        Severity.ERROR,
        both("証明書が信頼された認証局のものと確認できない", "the certificate does not lead to a trusted authority"),
        _WARNED,
        both(
            "公的な認証局の証明書を設定してください。自社の認証局なら --ca-file で指定します。",
            "Install a certificate of a public authority. If the authority is your own, name it by --ca-file.",
        ),
        ALL,
    ),
    TLSCode.WRONG_NAME: FindingKind(
        Severity.ERROR,
        both(
            "証明書が案内しているサーバー名のものではない", "the certificate is for other names than the announced one"
        ),
        _WARNED,
        both(
            "証明書にあるサーバー名を案内するか、この名前を含む証明書を設定してください。",
            "Announce a name that the certificate has, or install a certificate with this name.",
        ),
        ALL,
    ),
    TLSCode.INCOMPLETE: FindingKind(
        Severity.ERROR,
        both("中間証明書が送られていない", "the server does not send the intermediate certificate"),
        both(
            "中間証明書をたまたま持っているメールソフトだけが接続できます。",
            "Only programs that happen to have the intermediate certificate can connect.",
        ),
        both(
            "サーバー証明書と中間証明書をつないだファイル (fullchain.pem など) を設定してください。",
            "Configure the file that has the server's certificate and the intermediate ones, such as fullchain.pem.",
        ),
        ALL,
    ),
    TLSCode.EXPIRED: FindingKind(
        Severity.ERROR,
        both("証明書の有効期限が切れている", "the certificate has expired"),
        _WARNED,
        both(
            "証明書を更新し、メールサーバーに読み込ませてください。",
            "Renew the certificate, and let the mail server reload it.",
        ),
        ALL,
    ),
    TLSCode.NOT_YET_VALID: FindingKind(
        Severity.ERROR,
        both("証明書の有効期間がまだ始まっていない", "the certificate is not valid yet"),
        _WARNED,
        both(
            "証明書と、サーバーおよびこのコンピューターの時計を確認してください。",
            "Check the certificate, and the clocks of the server and of this machine.",
        ),
        ALL,
    ),
    TLSCode.WEAK_KEY: FindingKind(
        Severity.ERROR,
        both("証明書の鍵が弱い", "the certificate's key is weak"),
        both("現在のメールソフトは接続を拒否します。", "Today's programs refuse to connect."),
        both(
            "RSA 2048 ビット以上、または P-256 以上の鍵で証明書を取り直してください。",
            "Get a certificate with an RSA key of at least 2048 bits, or an elliptic curve of at least P-256.",
        ),
        ALL,
    ),
    TLSCode.WEAK_SIGNATURE: FindingKind(
        Severity.ERROR,
        both("証明書の署名が SHA-1 など古い方式である", "a certificate is signed with SHA-1 or an older hash"),
        both("現在のメールソフトは接続を拒否します。", "Today's programs refuse to connect."),
        both("SHA-256 で署名された証明書を取り直してください。", "Get a certificate that is signed with SHA-256."),
        ALL,
    ),
    TLSCode.EXPIRES_SOON: FindingKind(
        Severity.WARNING,
        both("証明書の有効期限が 14 日以内に切れる", "the certificate expires within 14 days"),
        both("自動更新が動いていない可能性があります。", "Automatic renewal probably does not work."),
        both(
            "証明書を更新し、メールサーバーに読み込ませてください。",
            "Renew the certificate, and let the mail server reload it.",
        ),
        ALL,
    ),
    TLSCode.TOO_OLD: FindingKind(
        Severity.ERROR,
        both("TLS 1.0 または 1.1 だけに対応している", "the server speaks only TLS 1.0 or 1.1"),
        both(
            "現在のメールソフトは TLS 1.2 以上を必要とします (RFC 8996)。",
            "Today's programs need TLS 1.2 or newer (RFC 8996).",
        ),
        both("サーバーで TLS 1.2 と 1.3 を有効にしてください。", "Enable TLS 1.2 and 1.3 on the server."),
        ALL,
    ),
    TLSCode.FAILED: FindingKind(
        Severity.ERROR,
        both("TLS の接続を確立できない", "the TLS handshake fails"),
        both("メールソフトは接続できません。", "Programs cannot connect."),
        both(
            "サーバーの TLS の設定とログを確認してください。",
            "Check the server's TLS configuration and its log.",
        ),
        ALL,
    ),
    TLSCode.NO_TLS: FindingKind(
        Severity.ERROR,
        both("TLS のはずのポートが TLS を話さない", "the port is announced with TLS and speaks something else"),
        both("メールソフトは接続できません。", "Programs cannot connect."),
        both(
            "このポートで TLS を有効にするか、プランのポートと tls を修正してください。",
            "Enable TLS on this port, or correct `port` and `tls` in the plan.",
        ),
        ALL,
    ),
    TLSCode.SNI_NEEDED: FindingKind(
        Severity.NOTE,
        both(
            "SNI を送らない接続には別の証明書が返される",
            "clients that do not send the server's name (SNI) see another certificate",
        ),
        both(
            "SNI に対応しない古いメールソフトだけが警告を表示します。",
            "Only old programs do not send it; they show a warning.",
        ),
        both(
            "案内している名前の証明書を、既定の証明書にすると解消します。",
            "Make the certificate of the announced name the server's default one if you want to serve them.",
        ),
        ("old mail programs, scanners and other devices",),
    ),
}
