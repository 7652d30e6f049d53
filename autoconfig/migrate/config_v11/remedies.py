"""Elements that a plan cannot have: what is lost, and what to do."""

from __future__ import annotations

SECRET = {"password"}
"""Elements whose text must not be shown."""

_EXCHANGE = ("a plan has no Exchange servers", "Outlook and Thunderbird find Exchange by the Autodiscover of Exchange")
_FOR_PEOPLE = "write it into notes, or on a page named in documentation"
_SERVICE = "if customers need it, " + _FOR_PEOPLE

REMEDIES: dict[str, tuple[str, str]] = {
    "pop3": ("settings of the POP3 program", "each program has its own; " + _FOR_PEOPLE),
    "leaveMessagesOnServer": ("a setting of the POP3 program", "each program has its own; " + _FOR_PEOPLE),
    "daysToLeaveMessagesOnServer": ("a setting of the POP3 program", "each program has its own; " + _FOR_PEOPLE),
    "downloadOnBiff": ("a setting of the POP3 program", "each program has its own; " + _FOR_PEOPLE),
    "checkInterval": ("a setting of the POP3 program", "each program has its own; " + _FOR_PEOPLE),
    "restriction": ("where the server may be used from", "leave the server out, or " + _FOR_PEOPLE),
    "useGlobalPreferredServer": ("which server for sending the program takes", "a plan has its own smtp server"),
    "addThisServer": ("which server for sending the program takes", "a plan has its own smtp server"),
    "password": ("a password, which is not shown here", "never publish one; change it"),
    "inputField": ("a question to the customer", "make it a param of the plan, and answer it in the mapping"),
    "enable": ("what the customer has to do first", _FOR_PEOPLE),
    "instruction": ("an instruction for the customer", _FOR_PEOPLE),
    "loginPageInfo": (
        "how a program fills in the webmail's login page",
        "no program does; the plan's webmail has the page",
    ),
    "ewsURL": _EXCHANGE,
    "owaURL": _EXCHANGE,
    "easURL": ("an ActiveSync server", 'add { protocol = "activesync", url = "…" } to servers'),
    "fileShare": ("a plan has no file shares", _SERVICE),
    "chatServer": ("a plan has no chat servers", _SERVICE),
    "videoConference": ("a plan has no video conferences", _SERVICE),
    "setupServer": ("a plan has no setup server", _SERVICE),
    "clientConfigUpdate": ("where updates of the document are", "no program looks there; it is served fresh from here"),
    "identity": ("an identity of KMail's", "no program needs it"),
}

EXCHANGE_TYPES = {"exchange", "ews", "owa", "graph"}
"""Types of incomingServer that mean Exchange."""
EXCHANGE = _EXCHANGE
