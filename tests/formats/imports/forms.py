"""What becomes of each file of this folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER = Path(__file__).parent
IMAP = "imap imap.example.net 993 ssl password-cleartext {address}"
POP3 = "pop3 pop.example.net 995 ssl password-cleartext {address}"
SMTP = "smtp smtp.example.net 465 ssl password-cleartext {address}"
CLEAR = "password-cleartext"


class Form(NamedTuple):
    """What becomes of a file: the servers, and a part of each sentence about what is lost."""

    servers: list[str]
    lost: Sequence[str] = ()
    same: bool = True
    """Whether Thunderbird gets the same servers from the plan as from the file."""


# Every file but `many-domains` has the domain example.net, whose sentence is not repeated here.
FORMS = {
    "simple": Form([IMAP, POP3, SMTP]),
    "no-pop3": Form([IMAP, SMTP]),
    "no-imap": Form([POP3, SMTP]),
    "hosts-with-placeholders": Form(
        [
            "imap {domain} 993 ssl password-cleartext {address}",
            "pop3 pop.{domain} 995 ssl password-cleartext {address}",
            "smtp smtp.{domain}.mail.example.net 587 starttls password-cleartext {address}",
        ]
    ),
    "hosts-that-no-plan-has": Form(
        [POP3, SMTP],
        [
            "this imap section is left out: in 'mail-{domain}' a dot has to stand on each side of {domain}",
            "a host name may use only {domain}, and '{local}.example.net' uses more",
            "'a_b.example.net' is not a host name",
            "a pattern cannot hold the braces of '{host}.example.net'",
            "'-' is not a host name",
            "it has no hostname",
            "it has no hostname; it says type='imap', port '993', socketType 'SSL'",
        ],
        same=False,
    ),
    "hosts-spelled-freely": Form([IMAP, POP3, "smtp 192.0.2.25 465 ssl password-cleartext {address}"]),
    "password-encrypted": Form([line.replace("cleartext", "encrypted") for line in (IMAP, POP3, SMTP)]),
    "old-login-names": Form([IMAP, SMTP.replace(CLEAR, f"password-encrypted+{CLEAR}")]),
    "without-tls": Form(
        [
            "imap imap.example.net 143 plain password-cleartext {local}",
            "pop3 pop.example.net 110 plain password-cleartext {local}",
            "smtp smtp.example.net 587 plain password-cleartext {local}",
        ],
        ["pop3 stands before imap"],
    ),
    "without-tls-beside-tls": Form(
        [
            IMAP,
            "pop3 pop.example.net 110 plain password-cleartext {address}",
            "smtp smtp.example.net 587 starttls password-cleartext {address}",
        ],
        [
            "line 14, <incomingServer>: the imap server imap.example.net 143 without TLS is left out",
            "line 28, <outgoingServer>: the smtp server smtp.example.net 25 without TLS is left out",
        ],
        same=False,
    ),
    "several-of-a-type": Form(
        [
            IMAP,
            "imap imap2.example.net 143 starttls password-cleartext {address}",
            POP3,
            "smtp smtp.example.net 587 starttls password-cleartext {address}",
            SMTP,
        ]
    ),
    "oauth2-and-password": Form([line.replace(CLEAR, f"OAuth2+{CLEAR}") for line in (IMAP, SMTP)]),
    "oauth2-alone": Form([line.replace(CLEAR, "OAuth2") for line in (IMAP, SMTP)]),
    "oauth2-that-is-incomplete": Form(
        [IMAP.replace(CLEAR, "OAuth2"), SMTP],
        [
            "this section is left out: '' in tokenURL is not an https URL",
            "this section is left out: '' is not a scope",
            "this section is left out: 'https://%EMAILDOMAIN%/auth?a=1&b=2' in authURL",
            "a second one is left out: issuer 'login.example.net'",
        ],
    ),
    "user-names": Form(
        [
            IMAP.replace("{address}", "{local}.{domain}"),
            POP3.replace("{address}", "{local}"),
            SMTP.replace("{address}", "u-{address}@{domain}"),
        ]
    ),
    "user-names-that-are-literal": Form(
        [
            IMAP.replace("{address}", "shared"),
            POP3.replace("{address}", "0012345"),
            SMTP.replace("{address}", ' 太郎 & "50%" \\ '),
        ]
    ),
    "user-names-that-no-plan-has": Form(
        [IMAP.replace("imap.", "imap3."), POP3, SMTP],
        [
            "this imap section is left out: %REALNAME% is not known to the server",
            "this imap section is left out: a pattern cannot hold the braces of '{local}'",
            "line 21, <incomingServer>: there is no user name; {address} is used",
            "line 32, <username>: there is no user name; {address} is used",
        ],
        same=False,
    ),
    "placeholders-misspelt": Form(
        [
            IMAP.replace("{address}", "%EMAILADDRESS"),
            POP3.replace("{address}", "%emailaddress%"),
            SMTP.replace("{address}", "{local}%EMAILDOMAIN"),
        ],
        [
            "'%EMAILADDRESS' is not a placeholder",
            "'%emailaddress%' is not a placeholder",
            "'%EMAILDOMAIN' is not a placeholder",
        ],
    ),
    "non-ascii": Form(
        [IMAP.replace("imap.", "xn--4dkua4c."), SMTP],
        [
            "the document has xn--wgv71a119e.example; put each on the plan",
            r"'日本\u3000語' is not a domain name",
            "'メール.example.net' is written in A-labels: xn--4dkua4c.example.net",
            "this imap section is left out: '☃☃.メール_x.example' is not a domain name",
        ],
        same=False,
    ),
    "many-domains": Form(
        [IMAP, SMTP],
        [
            "the document has example.net, example.com; put each on the plan",
            "'%EMAILDOMAIN%' is not a domain name",
            "the document has mail.example.net, mx.example.org; for mail hosts write a [[host]] rule",
        ],
    ),
    "exchange": Form(
        [IMAP, SMTP],
        [
            "this ews section is left out: a plan has no Exchange servers; it says type='ews', authentication 'OAuth2'",
            "this owa section is left out",
            "this graph section is left out",
            "owaURL 'https://outlook.example.net/owa/', ewsURL 'https://outlook.example.net/ews/exchange.asmx'",
        ],
    ),
    "languages": Form(
        [IMAP, SMTP],
        [
            "occurs twice in this language; this one is left out: 'Example mail again'",
            "'日本' is not a language code; the text is kept without one",
            "occurs twice in this language; this one is left out: '二度'",
            "'url' is not a language code",
            "occurs twice in this language; this one is left out: 'trois fois'",
            "the page is left out, because 'help/mail.html' is not a URL: url='help/mail.html', descr lang='en'",
        ],
    ),
    "comments": Form(
        [IMAP, SMTP],
        [
            "line 2: an instruction to programs: 'href=\"x.xsl\"'",
            "line 3: a comment: 'made by hand'",
            "line 10: a comment: 'IMAP is preferred'",
            "line 12: a comment: 'the old one was mail'",
            "line 26: a comment: 'end'",
        ],
    ),
    "unknown-elements": Form(
        [IMAP, SMTP],
        [
            "<clientConfig>: its attribute rev='7' is left out",
            "<idle>: a plan has no place for it: minutes='29', 'yes'",
            "<outgoingServer>: its attribute weight='5' is left out",
            "<hostname>: its attribute ipv6='no' is left out",
            "<b>: a plan has no place for it: 'x'",
            "<identity>: an identity of KMail's: type='kolab', name 'me'",
            "<future>: a plan has no place for it: thing a='1', thing 'x', y 'z'",
            "<nothing>: a plan has no place for it: (empty)",
        ],
    ),
    "stray-text": Form([IMAP, SMTP], ["<emailProvider>: text between its elements: 'One or two'"]),
    "calendars": Form(
        [
            IMAP.replace("{address}", "{local}"),
            SMTP.replace("{address}", "{local}"),
            "caldav https://dav.example.net/cal/{domain}/ password-cleartext {address}",
            "carddav https://dav.example.net/card/ OAuth2+password-encrypted {local}",
        ],
        ["a plan has no file shares: type='webdav', url 'https://dav.example.net/files/'"],
    ),
    "calendars-that-no-plan-has": Form(
        [IMAP, SMTP, "caldav https://dav.example.net/in-provider/ password-cleartext {address}"],
        [
            "caldav https://dav.example.net/in-provider/ occurs twice, with different logins; the first is kept",
            "there is no user name; {address} is used",
            "a second URL is left out: 'https://dav.example.net/other/'",
            "this caldav section is left out: 'http://dav.example.net/' is not an https URL",
            "this ical section is left out: its type 'ical' is unknown",
            "this caldav section is left out: it has no login method",
            "this caldav section is left out: it has no URL",
            "in 'https://{local}.example.net/' the mailbox may stand only in the path",
            "a pattern cannot hold the braces of 'https://dav.example.net/{home}/'",
        ],
    ),
    "webmail": Form(
        [IMAP, SMTP],
        [
            "what the customer has to do first: visiturl='https://mail.example.net/settings?a=1&b=2', instruction",
            "how a program fills in the webmail's login page: url='https://mail.example.net/login'",
            "a second one is left out: loginPage url='https://mail2.example.net/'",
            "where updates of the document are: url='https://example.net/config.xml'",
        ],
    ),
    "webmail-without-page": Form(
        [IMAP, SMTP],
        [
            "this section is left out: the webmail's '' is not a URL",
            "how a program fills in the webmail's login page",
            "this section is left out: the webmail's 'https://%EMAILDOMAIN%/' is not a URL",
        ],
    ),
    "namespace": Form([IMAP, SMTP], ["<incomingServer>: a plan has no place for it: type='imap', hostname 'evil"]),
    "prefixes": Form([IMAP, POP3, SMTP]),
    "ports": Form(
        [
            IMAP.replace("imap.", "e."),
            IMAP.replace("imap.", "f."),
            IMAP.replace("imap.", "g."),
            "pop3 i.example.net 110 starttls password-cleartext {address}",
            "smtp k.example.net 65535 starttls password-cleartext {address}",
        ],
        [
            "this imap section is left out: its port '0' is invalid",
            "its port 'imaps' is invalid",
            "its port '65536' is invalid",
            "its port '-993' is invalid",
            "line 35, <incomingServer>: there is no port; the usual one, 993, is used",
            "<port>: the port '993x' is read as 993, as Thunderbird does",
            "its port '99999999999999999999' is invalid",
            "line 62, <incomingServer>: there is no port; the usual one, 110, is used",
            "this smtp section is left out: its port '' is invalid",
        ],
        same=False,
    ),
    "socket-types": Form(
        [IMAP.replace("imap.", "e."), "smtp g.example.net 587 starttls password-cleartext {address}"],
        [
            "this imap section is left out: its socketType is 'ssl'",
            "its socketType is 'TLS'",
            "its socketType is ' SSL '",
            "it has no socketType",
            "this smtp section is left out: its socketType is 'starttls'",
        ],
    ),
    "login-methods": Form(
        [
            "imap a.example.net 993 ssl GSSAPI+NTLM+TLS-client-cert+password-cleartext {address}",
            POP3.replace("pop.", "d."),
            "smtp e.example.net 465 ssl client-IP-address {address}",
            "smtp f.example.net 465 ssl none {address}",
        ],
        [
            "the login method 'SCRAM-SHA-256-PLUS' of 'sasl' is unknown",
            "the login method 'http-basic' is unknown",
            "this imap section is left out: it has no login method",
            "the login method 'SCRAM-SHA-256' is unknown",
            "the login method ' password-cleartext ' is unknown",
            "the login method 'Password-Cleartext' is unknown",
            "this imap section is left out: it has no login method",
            "the login method 'none' is for sending only",
            "the login method 'client-IP-address' is for sending only",
            "line 51, <outgoingServer>: there is no user name; {address} is used",
        ],
        same=False,
    ),
    "smtp-after-pop": Form(
        [POP3, SMTP.replace("465 ssl", "587 starttls")],
        [
            "plans do not have SMTP-after-POP (sending after fetching by POP3) as a login method",
            "this smtp section is left out: it has no login method",
            "plans do not have SMTP-after-POP (sending after fetching by POP3) as a login method",
        ],
    ),
    "pop3-settings": Form(
        [POP3, SMTP],
        [
            (
                "settings of the POP3 program: leaveMessagesOnServer 'true', downloadOnBiff 'true', "
                "daysToLeaveMessagesOnServer '14', checkInterval minutes='15'"
            )
        ],
    ),
    "pop3-first": Form([IMAP, POP3, SMTP], ["pop3 stands before imap"]),
    "two-providers": Form([IMAP, SMTP], ["a second provider is left out: id='example.org', domain 'example.org'"]),
    "services-among-servers": Form(
        [
            IMAP,
            SMTP,
            "managesieve sieve.example.net 4190 starttls password-cleartext {address}",
            "managesieve sieve2.example.net 4190 starttls password-cleartext {address}",
            "jmap https://jmap.{domain}/session OAuth2+password-cleartext {address}",
            "activesync https://eas.example.net/Microsoft-Server-ActiveSync password-cleartext {address}",
        ],
        [
            "there is no port; the usual one, 4190, is used",
            "this jmap section is left out: 'ftp://jmap.example.net/' is not an https URL",
        ],
    ),
    "types": Form(
        [IMAP, SMTP],
        [
            "this IMAP section is left out: its type is 'IMAP', and a plan knows imap, pop3, managesieve, jmap",
            "this nntp section is left out: its type is 'nntp'",
            "this smtp section is left out: its type is 'smtp'",
            "this imap section is left out: its type is 'imap', and a plan knows smtp here",
            "this section is left out: its type is ''",
        ],
    ),
    "no-names": Form([IMAP, SMTP], ["it has no displayName; 'many' was taken"]),
    "one-name": Form([IMAP, SMTP], ["it has no displayName; 'Example' was taken"]),
    "long-names": Form(
        [IMAP, SMTP],
        [
            f"'{'例' * 61}' is cut after 60 characters",
            "'<&> \"%EMAILDOMAIN%\" {domain} 1234567890' has a placeholder, which is kept as text",
            "'<&> \"%EMAILDOMAIN%\" {domain} 1234567890' is written without braces, which mark slots in a plan",
            "'<&> \"%EMAILDOMAIN%\" (domain) 1234567890' is cut after 20 characters",
        ],
    ),
    "twice": Form(
        [IMAP.replace("imap.", "first.").replace("{address}", "first"), SMTP],
        [
            "<hostname>: occurs twice; this one is left out: 'imap.example.net'",
            "<username>: occurs twice; this one is left out: '%EMAILADDRESS%'",
        ],
    ),
    "for-people-and-programs": Form(
        [IMAP, SMTP],
        [
            "<restriction>: where the server may be used from: 'clientIPAddress'",
            "<password>: a password, which is not shown here",
            "<addThisServer>: which server for sending the program takes: 'true'",
            "<useGlobalPreferredServer>: which server for sending the program takes: 'false'",
            "<restriction>: where the server may be used from: password (not shown)",
            "<instruction>: an instruction for the customer: url='https://help.example.net/', descr lang='en'",
            "<inputField>: a question to the customer: key='USERNAME', label='Screen name'",
            "<chatServer>: a plan has no chat servers: type='xmpp', url 'wss://chat.example.net/'",
            "<videoConference>: a plan has no video conferences",
            "<setupServer>: a plan has no setup server",
        ],
    ),
}
