"""The codes of findings about a domain's DNS records."""

from __future__ import annotations

from enum import StrEnum

from autoconfig.check.finding import ALL, FindingKind, Severity, both

AUTOCONFIG = ("Thunderbird", "Thunderbird for Android", "Evolution", "KMail", "Geary", "FairEmail", "Nextcloud Mail")
SRV = ("FairEmail", "Himalaya", "Claws Mail")
PACC = ("Himalaya", "Evolution")


class Code(StrEnum):
    """Codes never change: programs and people search for them."""

    DOMAIN_MISSING = "domain-missing"
    RECORD_MISSING = "record-missing"
    WRONG_TARGET = "wrong-target"
    ELSEWHERE = "elsewhere"
    IPV6_ELSEWHERE = "ipv6-elsewhere"
    NO_ADDRESS = "no-address"
    CNAME_LOOP = "cname-loop"
    CNAME_TOO_LONG = "cname-too-long"
    WILDCARD_HIDES = "wildcard-hides-record"
    WILDCARD_ELSEWHERE = "wildcard-elsewhere"
    SRV_ALIAS = "srv-alias"
    SRV_WRONG_PORT = "srv-wrong-port"
    SRV_CONTRADICTS = "srv-contradicts"
    PACC_STALE = "pacc-digest-stale"
    TEXT_WRONG = "text-wrong"
    RESOLVER_DIFFERS = "resolver-differs"
    NAMESERVERS_DISAGREE = "nameservers-disagree"
    NAMESERVER_SERVFAIL = "nameserver-servfail"
    NAMESERVER_TIMEOUT = "nameserver-timeout"
    NAMESERVER_LAME = "nameserver-lame"
    NAMESERVER_BROKEN = "nameserver-broken"


KINDS: dict[str, FindingKind] = {
    Code.DOMAIN_MISSING: FindingKind(
        Severity.ERROR,
        both("ドメイン自体が DNS に存在しない (NXDOMAIN)", "the DNS does not know the domain (NXDOMAIN)"),
        both(
            "ドメインの期限切れ、または委任 (NS) の誤りです。メールも届きません。",
            "The registration expired, or the domain is not delegated. Mail does not arrive either.",
        ),
        both(
            "ドメインの登録期限とネームサーバーの設定を確認してください。",
            "Check the registration, and the name servers at the registry.",
        ),
        ALL,
    ),
    Code.RECORD_MISSING: FindingKind(
        Severity.NOTE,
        both("レコードがない", "the record is missing"),
        both(
            "このレコードを使うメールソフトは、ほかの方法で設定を探すか、手動設定になります。",
            "Programs that look for this record try another way, or ask the user for the settings.",
        ),
        both("レコードを追加してください。", "Add the record."),
        ALL,
    ),
    Code.WRONG_TARGET: FindingKind(
        Severity.WARNING,
        both("レコードが別のサーバーを指している", "the record leads to another server"),
        both(
            "メールソフトは別のサーバーに問い合わせ、設定を取得できません。",
            "Programs ask a server that does not have the settings.",
        ),
        both("レコードを修正してください。", "Change the record."),
        (*AUTOCONFIG, "Outlook"),
    ),
    Code.ELSEWHERE: FindingKind(
        Severity.WARNING,
        both(
            "レコードがほかの事業者 (Microsoft、コントロールパネルなど) を指している",
            "the record leads to another provider (Microsoft, a hosting panel)",
        ),
        both(
            "メールソフトはその事業者の設定を取得します。",
            "Programs get the settings of that provider.",
        ),
        both(
            "メールボックスがその事業者にある場合はこのシステムでの登録を終了し、そうでなければレコードを修正してください。",
            "If the mailboxes are with that provider, end the domain here; if not, change the record.",
        ),
        ("Outlook", *AUTOCONFIG),
    ),
    Code.IPV6_ELSEWHERE: FindingKind(
        Severity.WARNING,
        both(
            "A レコードは正しいが、AAAA レコードが別のサーバーを指している",
            "the A records lead here and the AAAA records elsewhere",
        ),
        both(
            "IPv6 を使える利用者だけが別のサーバーにつながります。",
            "Users with IPv6 reach another server, so only some users see the fault.",
        ),
        both("AAAA レコードを削除するか、正しいアドレスにしてください。", "Delete the AAAA records, or correct them."),
        ALL,
    ),
    Code.NO_ADDRESS: FindingKind(
        Severity.WARNING,
        both("指している名前にアドレス (A、AAAA) がない", "the record's target has no address"),
        both("メールソフトは接続できません。", "Programs cannot connect."),
        both(
            "指している名前にアドレスを設定するか、レコードを修正してください。",
            "Give the target an address, or change the record.",
        ),
        ALL,
    ),
    Code.CNAME_LOOP: FindingKind(
        Severity.WARNING,
        both("CNAME が循環している", "CNAMEs form a circle"),
        both("名前を解決できません。", "The name cannot be resolved."),
        both("CNAME を修正してください。", "Change the CNAME."),
        ALL,
    ),
    Code.CNAME_TOO_LONG: FindingKind(
        Severity.WARNING,
        both("CNAME が 8 段を超えて続いている", "more than 8 CNAMEs in a row"),
        both(
            "多くのリゾルバーは途中で問い合わせをやめます。",
            "Many resolvers give up on the way.",
        ),
        both(
            "CNAME が最終的なサーバー名を直接指すようにしてください。", "Point the CNAME directly at the server's name."
        ),
        ALL,
    ),
    Code.WILDCARD_HIDES: FindingKind(
        Severity.WARNING,
        both(
            "レコードがなく、ワイルドカード (*) が代わりに自ドメインのサーバーを答えている",
            "the record is missing, and a wildcard answers with a server or text of the domain itself",
        ),
        both(
            "メールソフトはウェブサーバーなどに問い合わせ、設定を取得できません。",
            "Programs ask the domain's web server, which does not have the settings.",
        ),
        both(
            "レコードを追加してください。ワイルドカードより優先されます。",
            "Add the record; it takes precedence over the wildcard.",
        ),
        ALL,
    ),
    Code.WILDCARD_ELSEWHERE: FindingKind(
        Severity.WARNING,
        both(
            "レコードがなく、ワイルドカード (*) が別の事業者を指している",
            "the record is missing, and a wildcard leads to another provider",
        ),
        both(
            "メールソフトはその事業者のサーバーに問い合わせます。",
            "Programs ask that provider's server.",
        ),
        both(
            "レコードを追加してください。ワイルドカードより優先されます。",
            "Add the record; it takes precedence over the wildcard.",
        ),
        ALL,
    ),
    Code.SRV_ALIAS: FindingKind(
        Severity.WARNING,
        both("SRV の指す名前が CNAME である", "the target of an SRV record is an alias (CNAME)"),
        both(
            "SRV の指す名前は CNAME であってはならず (RFC 2782)、一部のメールソフトは無視します。",
            "A target must not be an alias (RFC 2782), and some programs ignore such a record.",
        ),
        both(
            "指す名前に CNAME ではなくアドレス (A、AAAA) を設定してください。",
            "Give the target addresses (A, AAAA) of its own instead of a CNAME.",
        ),
        (*SRV, "Outlook"),
    ),
    Code.SRV_WRONG_PORT: FindingKind(
        Severity.ERROR,
        both("SRV のポート番号が設定文書と違う", "the port of an SRV record differs from the documents"),
        both("メールソフトは接続できません。", "Programs connect to the wrong port."),
        both("ポート番号を修正してください。", "Correct the port."),
        SRV,
    ),
    Code.SRV_CONTRADICTS: FindingKind(
        Severity.ERROR,
        both(
            "SRV が設定文書と矛盾している (別のサーバー、または提供の有無)",
            "an SRV record contradicts the documents: it names another server, or a service that is not offered",
        ),
        both(
            "SRV を優先するメールソフトは、ほかのメールソフトと違うサーバーを設定します。",
            "Programs that prefer SRV records are set up with different servers.",
        ),
        both("レコードを修正または削除してください。", "Change or delete the record."),
        SRV,
    ),
    Code.PACC_STALE: FindingKind(
        Severity.WARNING,
        both(
            "PACC のダイジェストが現在の文書と一致しない",
            "the PACC digest does not match the current document",
        ),
        both(
            "PACC 対応のメールソフトは文書を破棄します。プランの変更後に起こります。",
            "Readers of PACC discard the document. This happens after the plan changes.",
        ),
        both("レコードを新しいダイジェストに更新してください。", "Publish the new digest."),
        PACC,
    ),
    Code.TEXT_WRONG: FindingKind(
        Severity.WARNING,
        both("TXT の値が設定文書と違う", "a TXT record differs from the documents"),
        both(
            "これを使うメールソフトは、誤った場所に設定を問い合わせます。",
            "Programs that read it look in the wrong place.",
        ),
        both("レコードを修正してください。", "Change the record."),
        ("Himalaya", "CalDAV and CardDAV clients"),
    ),
    Code.RESOLVER_DIFFERS: FindingKind(
        Severity.NOTE,
        both(
            "リゾルバーの答えがネームサーバーの答えと違う",
            "the resolver's answer differs from the zone's name servers",
        ),
        both(
            "変更前の値がキャッシュに残っており、メールソフトにもその値が返されます。",
            "It still has the old value in its cache, and mail programs see that value too.",
        ),
        both("TTL が過ぎてから再確認してください。", "Check again when the old record's TTL has expired."),
        ALL,
    ),
    Code.NAMESERVERS_DISAGREE: FindingKind(
        Severity.WARNING,
        both("ネームサーバーごとに答えが違う", "the zone's name servers give different answers"),
        both(
            "利用者によって、自動設定できる場合とできない場合があります。",
            "Whether programs find the settings depends on the server that their resolver asks.",
        ),
        both(
            "ゾーン転送とシリアル番号を確認してください。",
            "Check the zone transfers and the zone's serial number.",
        ),
        ALL,
    ),
    Code.NAMESERVER_SERVFAIL: FindingKind(
        Severity.WARNING,
        both("ネームサーバーがエラー (SERVFAIL) を返す", "a name server fails (SERVFAIL)"),
        both(
            "ゾーンを読み込めない、または DNSSEC の検証に失敗しています。",
            "It could not load the zone, or DNSSEC validation failed.",
        ),
        both("そのサーバーのログと DNSSEC の設定を確認してください。", "Check its log and the DNSSEC setup."),
        ALL,
    ),
    Code.NAMESERVER_TIMEOUT: FindingKind(
        Severity.WARNING,
        both("ネームサーバーが応答しない", "a name server does not answer"),
        both("名前の解決が遅くなるか、失敗します。", "Names resolve slowly, or not at all."),
        both(
            "そのサーバーの稼働と、UDP および TCP の 53 番ポートを確認してください。",
            "Check that it runs, and that UDP and TCP port 53 reach it.",
        ),
        ALL,
    ),
    Code.NAMESERVER_LAME: FindingKind(
        Severity.WARNING,
        both(
            "委任されたネームサーバーがそのゾーンを持っていない",
            "a name server that the zone is delegated to does not serve it",
        ),
        both(
            "リゾルバーがそのサーバーを選ぶたびに、名前の解決が遅くなるか、失敗します。",
            "Whenever a resolver asks it, names resolve slowly or not at all.",
        ),
        both(
            "ゾーンをそのサーバーに設定するか、NS レコードから外してください。",
            "Set up the zone on it, or remove it from the NS records.",
        ),
        ALL,
    ),
    Code.NAMESERVER_BROKEN: FindingKind(
        Severity.WARNING,
        both("ネームサーバーの応答を解釈できない", "a name server's answer is invalid"),
        both("名前の解決が遅くなるか、失敗します。", "Names resolve slowly, or not at all."),
        both(
            "そのサーバー、または途中のファイアウォールを確認してください。",
            "Check the server, or a firewall on the way.",
        ),
        ALL,
    ),
}
