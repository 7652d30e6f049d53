"""The codes of findings about the announced servers, beside those about TLS."""

from __future__ import annotations

from enum import StrEnum

from autoconfig.check.finding import ALL, FindingKind, Severity, both


class ServerCode(StrEnum):
    """Codes never change: programs and people search for them."""

    UNRESOLVED = "server-unresolved"
    LOOKUP_FAILED = "server-lookup-failed"
    PRIVATE = "server-address-private"
    CLOSED = "port-closed"
    FILTERED = "port-filtered"
    UNREACHABLE = "server-unreachable"
    IPV6_BROKEN = "ipv6-broken"
    IPV6_NOT_CHECKED = "ipv6-not-checked"
    SLOW = "server-slow"
    FLOODS = "server-floods"
    REFUSES = "greeting-refused"
    OTHER_PROTOCOL = "other-protocol"
    TLS_ON_PLAIN_PORT = "tls-on-plain-port"
    STARTTLS_MISSING = "starttls-missing"
    STARTTLS_MASKED = "starttls-masked"
    STARTTLS_FAILS = "starttls-fails"
    PLAIN_LOGIN = "plain-login-before-tls"
    LOGIN_NOT_OFFERED = "login-not-offered"
    APOP_MISSING = "apop-missing"
    BROKEN = "dialogue-broken"
    LOGIN_FAILED = "login-failed"
    LOGIN_NOT_TRIED = "login-not-tried"


_NO_CONNECTION = both("メールソフトは接続できません。", "Programs cannot connect.")
_NO_LOGIN = both("メールソフトはログインできません。", "Programs cannot log in.")

SERVER_KINDS: dict[str, FindingKind] = {
    ServerCode.UNRESOLVED: FindingKind(
        Severity.ERROR,
        both("案内しているサーバー名にアドレスがない", "an announced server's name has no address"),
        _NO_CONNECTION,
        both(
            "名前の A または AAAA レコードを追加するか、別のサーバー名を案内してください。",
            "Add an A or AAAA record for the name, or announce another one.",
        ),
        ALL,
    ),
    ServerCode.LOOKUP_FAILED: FindingKind(
        Severity.ERROR,
        both(
            "案内しているサーバー名を DNS で調べられず、接続していません",
            "an announced server's name could not be looked up, so the server was not checked",
        ),
        both(
            "DNS の障害が続くと、メールソフトは接続できません。",
            "As long as the DNS fails, programs cannot connect either.",
        ),
        both(
            "リゾルバーと、この名前のネームサーバーを確認し、もう一度確認してください。",
            "Check the resolver and the name servers of the name, and then check again.",
        ),
        ALL,
    ),
    ServerCode.PRIVATE: FindingKind(
        Severity.ERROR,
        both(
            "案内しているサーバーのアドレスが公開されたものではない (接続していません)",
            "an announced server's address is not a public one; it was not connected to",
        ),
        both("社外のメールソフトは接続できません。", "Programs outside of your network cannot connect."),
        both(
            "レコードを公開アドレスに直してください。社内のサーバーを確認するには --allow-private を指定します。",
            "Correct the record. To check a server of your own network, say --allow-private.",
        ),
        ALL,
    ),
    ServerCode.CLOSED: FindingKind(
        Severity.ERROR,
        both("案内しているポートが閉じている", "an announced port is closed"),
        _NO_CONNECTION,
        both(
            "サーバーでそのポートを有効にするか、プランのポートを修正してください。",
            "Make the server listen on the port, or correct the port in the plan.",
        ),
        ALL,
    ),
    ServerCode.FILTERED: FindingKind(
        Severity.ERROR,
        both("案内しているポートが応答しない", "an announced port does not answer"),
        both("メールソフトは長く待ったあと接続に失敗します。", "Programs wait for long, and then cannot connect."),
        both(
            "サーバーの稼働と、途中のファイアウォールを確認してください。",
            "Check that the server runs, and the firewalls on the way.",
        ),
        ALL,
    ),
    ServerCode.UNREACHABLE: FindingKind(
        Severity.ERROR,
        both("サーバーに到達できない", "the server cannot be reached"),
        _NO_CONNECTION,
        both(
            "アドレス、経路、ファイアウォールを確認してください。",
            "Check the address, the routes and the firewalls.",
        ),
        ALL,
    ),
    ServerCode.IPV6_BROKEN: FindingKind(
        Severity.WARNING,
        both("IPv4 では接続できるが IPv6 では接続できない", "IPv4 works, and IPv6 does not"),
        both(
            "IPv6 を使える利用者だけが、接続に失敗するか長く待たされます。",
            "Users with IPv6 wait for long, or cannot connect; others see no fault.",
        ),
        both(
            "サーバーを IPv6 でも待ち受けるようにするか、AAAA レコードを削除してください。",
            "Make the server listen on IPv6, too, or delete the AAAA record.",
        ),
        ALL,
    ),
    ServerCode.IPV6_NOT_CHECKED: FindingKind(
        Severity.NOTE,
        both(
            "このコンピューターに IPv6 の経路がなく、IPv6 は確認していない",
            "IPv6 was not checked, because this machine has no route to it",
        ),
        both("IPv6 だけの障害は見つかりません。", "A fault that only users with IPv6 see would not be found."),
        both("IPv6 が使えるコンピューターで確認してください。", "Check from a machine that has IPv6."),
        ALL,
    ),
    ServerCode.SLOW: FindingKind(
        Severity.ERROR,
        both("サーバーが時間内に応答しない", "the server does not answer in time"),
        both("メールソフトは待たされ、または接続に失敗します。", "Programs wait, or give up."),
        both(
            "サーバーの負荷と、接続元の名前を逆引きする設定を確認してください。",
            "Check the server's load, and whether it looks up the names of its clients.",
        ),
        ALL,
    ),
    ServerCode.FLOODS: FindingKind(
        Severity.ERROR,
        both("サーバーが際限なくデータを送ってくる", "the server sends without end"),
        _NO_CONNECTION,
        both("そのポートで何が動いているか確認してください。", "Check what runs on this port."),
        ALL,
    ),
    ServerCode.REFUSES: FindingKind(
        Severity.ERROR,
        both("サーバーが接続直後に拒否する", "the server refuses right after the connection"),
        both("メールソフトはログインできません。", "Programs cannot log in."),
        both(
            "サーバーのログ、接続数の制限、接続元の制限 (fail2ban など) を確認してください。",
            "Check the server's log, its limit of connections, and whether it blocks this machine (fail2ban).",
        ),
        ALL,
    ),
    ServerCode.OTHER_PROTOCOL: FindingKind(
        Severity.ERROR,
        both("ポートで別のプロトコルが動いている", "the port speaks another protocol"),
        _NO_CONNECTION,
        both("プランのポートとプロトコルを確認してください。", "Check `port` and `protocol` in the plan."),
        ALL,
    ),
    ServerCode.TLS_ON_PLAIN_PORT: FindingKind(
        Severity.ERROR,
        both(
            "TLS なし、または STARTTLS と案内しているポートが最初から TLS である",
            "the port speaks TLS from the first byte, and is announced without",
        ),
        _NO_CONNECTION,
        both('プランの tls を "ssl" に修正してください。', 'Say `tls = "ssl"` in the plan.'),
        ALL,
    ),
    ServerCode.STARTTLS_MISSING: FindingKind(
        Severity.ERROR,
        both("STARTTLS と案内しているが提供されていない", "STARTTLS is announced and not offered"),
        _NO_CONNECTION,
        both(
            "サーバーに証明書と STARTTLS を設定するか、プランの tls を修正してください。",
            "Set up a certificate and STARTTLS on the server, or correct `tls` in the plan.",
        ),
        ALL,
    ),
    ServerCode.STARTTLS_MASKED: FindingKind(
        Severity.ERROR,
        both(
            "STARTTLS が一覧から消されているが、命令は受け付けられる",
            "the server does not list STARTTLS, and yet accepts the command",
        ),
        both(
            "途中の機器が書き換えている可能性があります。メールソフトは接続をやめるか、暗号化せずに送ります。",
            "Something on the way probably removes it. Programs refuse to connect, or send without protection.",
        ),
        both(
            "ファイアウォールなどの SMTP 検査機能 (fixup、inspect) を無効にしてください。",
            "Switch off the inspection of mail protocols in firewalls on the way (fixup, inspect).",
        ),
        ALL,
    ),
    ServerCode.STARTTLS_FAILS: FindingKind(
        Severity.ERROR,
        both("STARTTLS が一覧にあるが受け付けられない", "STARTTLS is offered, and the command is refused"),
        _NO_CONNECTION,
        both(
            "サーバーの証明書と鍵、およびログを確認してください。",
            "Check the server's certificate and key, and its log.",
        ),
        ALL,
    ),
    ServerCode.PLAIN_LOGIN: FindingKind(
        Severity.WARNING,
        both(
            "TLS を始める前にパスワードをそのまま送るログインが提供されている",
            "login with a plain password is offered before TLS",
        ),
        both(
            "設定を誤ったメールソフトのパスワードが暗号化されずに流れます。",
            "A program that is set up wrongly sends its password without protection.",
        ),
        both(
            "TLS の前のログインを禁止してください (Dovecot: disable_plaintext_auth、Postfix: smtpd_tls_auth_only)。",
            "Forbid login before TLS (Dovecot: disable_plaintext_auth; Postfix: smtpd_tls_auth_only).",
        ),
        ALL,
    ),
    ServerCode.LOGIN_NOT_OFFERED: FindingKind(
        Severity.ERROR,
        both("案内しているログイン方式が提供されていない", "an announced login method is not offered"),
        _NO_LOGIN,
        both(
            "サーバーでその方式を有効にするか、プランの login を修正してください。",
            "Enable the method on the server, or correct `login` in the plan.",
        ),
        ALL,
    ),
    ServerCode.APOP_MISSING: FindingKind(
        Severity.ERROR,
        both(
            "暗号化されたパスワードと案内しているが、APOP も CRAM-MD5 も提供されていない (POP3)",
            "an encrypted password is announced for POP3, and neither APOP nor CRAM-MD5 is offered",
        ),
        _NO_LOGIN,
        both(
            "サーバーで APOP または CRAM-MD5 を有効にするか、プランの login を修正してください。",
            "Enable APOP or CRAM-MD5 on the server, or correct `login` in the plan.",
        ),
        ALL,
    ),
    ServerCode.BROKEN: FindingKind(
        Severity.ERROR,
        both("サーバーの応答がプロトコルに合わない", "the server's answers do not follow the protocol"),
        _NO_LOGIN,
        both("サーバーのログを確認してください。", "Check the server's log."),
        ALL,
    ),
    ServerCode.LOGIN_FAILED: FindingKind(
        Severity.ERROR,
        both("案内している方式と利用者名でログインできない", "the login by the announced method and user name fails"),
        _NO_LOGIN,
        both(
            "パスワードが正しければ、プランの username と login を確認してください。",
            "If the password is right, check `username` and `login` in the plan.",
        ),
        ALL,
    ),
    ServerCode.LOGIN_NOT_TRIED: FindingKind(
        Severity.NOTE,
        both("ログインを試していない", "no login was tried"),
        both(
            "暗号化されない接続、パスワードを使わない方式、ほかに問題のあるサーバーでは、パスワードを送りません。",
            "A password is not sent without protection, by methods that have none, or to a server that has faults.",
        ),
        both(
            "ほかの問題を先に直してください。なければ、プランの login と tls を確認してください。",
            "Mend what else was found; else check `login` and `tls` in the plan.",
        ),
        ALL,
    ),
}
