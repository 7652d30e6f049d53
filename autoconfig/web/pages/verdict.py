"""Whether a program suits an account, and how it sends the password."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from autoconfig.mail.server import Login, TLSMode
from autoconfig.web.pages.explanations import UserNameForm
from autoconfig.web.pages.programs import Program
from autoconfig.web.pages.traits import TRAITS, UserNameFields

if TYPE_CHECKING:
    from autoconfig.mail.account import Account
    from autoconfig.mail.server import Server
    from autoconfig.web.pages.explanations import Explanations


class Verdict(StrEnum):
    """The judgement that the page shows above the steps of a program."""

    ENDED = "ended"
    """It cannot be set up any more, whatever the account."""
    NO_USER_NAME = "no user name"
    """It has no field for a user name that this account needs."""
    READABLE = "readable"
    """It sends the password in clear text over a connection without TLS."""
    PERHAPS_READABLE = "perhaps readable"
    """The same, unless it has encrypted passwords, which is unknown."""
    WARNS = "warns"
    """It sends the password encrypted and the mail without TLS, and asks for confirmation."""
    UNENCRYPTED_LOGIN = "unencrypted login"
    """It sends the normal password over TLS, although the plan says encrypted."""
    FITS = "fits"

    @property
    def blocks(self) -> bool:
        """Whether the program cannot be set up at all."""
        return self in {Verdict.ENDED, Verdict.NO_USER_NAME}

    @property
    def advised_against(self) -> bool:
        """Whether another program serves the customer better."""
        return self.blocks or self in {Verdict.READABLE, Verdict.PERHAPS_READABLE}


_INSTEAD: dict[Program, tuple[Program, ...]] = {
    Program.GMAIL: (Program.THUNDERBIRD_ANDROID,),
    Program.SAMSUNG: (Program.THUNDERBIRD_ANDROID,),
    Program.OUTLOOK: (Program.OUTLOOK_CLASSIC, Program.THUNDERBIRD),
    Program.OUTLOOK_MOBILE: (Program.IPHONE, Program.THUNDERBIRD_ANDROID),
    Program.OUTLOOK_MAC: (Program.MAC, Program.THUNDERBIRD),
    Program.GMAIL_WEB: (Program.GMAIL, Program.THUNDERBIRD),
    Program.WINDOWS_MAIL: (Program.OUTLOOK, Program.THUNDERBIRD),
}


def verdict_of(program: Program, account: Account, facts: Explanations) -> Verdict:
    """The verdict on a program for an account with servers."""
    traits = TRAITS[program]
    if traits.ended:
        return Verdict.ENDED
    if traits.user_name is UserNameFields.SENDING and facts.user_name is not UserNameForm.ADDRESS:
        return Verdict.NO_USER_NAME
    if traits.user_name is UserNameFields.ONE and facts.names_differ:
        return Verdict.NO_USER_NAME
    servers = (*account.incoming, *account.outgoing)
    plain = [server for server in servers if server.tls is TLSMode.PLAIN]
    if any(Login.CLEARTEXT in server.login for server in plain) and not all(map(_encrypts, plain)):
        return Verdict.READABLE
    if plain:
        by_login = {True: Verdict.WARNS, False: Verdict.READABLE, None: Verdict.PERHAPS_READABLE}
        return by_login[traits.encrypted_login]
    if traits.encrypted_login is False and any(map(_encrypts, servers)):
        return Verdict.UNENCRYPTED_LOGIN
    return Verdict.FITS


def instead_of(program: Program, account: Account, facts: Explanations) -> list[Program]:
    """The programs to use instead, on the same device if possible."""
    others = _INSTEAD.get(program, (Program.THUNDERBIRD,))
    return [other for other in others if not verdict_of(other, account, facts).advised_against]


def _encrypts(server: Server) -> bool:
    """Whether the only password method of a server is an encrypted one."""
    return Login.ENCRYPTED in server.login and Login.CLEARTEXT not in server.login
