"""The card with the steps of one program. Templates read it, in the thread that makes pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.mail.server import Protocol
from autoconfig.web.pages import qr
from autoconfig.web.pages.page_request import link
from autoconfig.web.pages.programs import APPLE, PROGRAMS, Program, device_of
from autoconfig.web.pages.sources import ValueSource, code_text, has_profile, source_of
from autoconfig.web.pages.traits import TRAITS, Traits
from autoconfig.web.pages.verdict import Verdict, instead_of, verdict_of

if TYPE_CHECKING:
    from autoconfig.settings import Settings
    from autoconfig.web.pages.page_request import PageRequest
    from autoconfig.web.pages.view import AccountView, ServerView


_SELF_SET = {Program.IPHONE, Program.MAC, Program.THUNDERBIRD, Program.THUNDERBIRD_ANDROID}


class Choice(NamedTuple):
    """One of several links; one may be the current page."""

    value: str
    """The device, program or protocol to choose."""
    program: Program
    """The program whose steps the link shows."""
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Guide:
    """The steps for one reader."""

    request: PageRequest
    view: AccountView
    settings: Settings
    base: str = ""
    """The beginning of paths below `public_url` that lead to the same answer: `/for/HOST`, or nothing."""
    signed: bool = False
    """Whether this account's profiles are signed."""
    in_letter: bool = False
    """Whether the steps are for a letter, which has no buttons, and no code but the one of the page."""

    @property
    def program(self) -> Program:
        """The program whose steps are shown."""
        return self.request.program

    @property
    def traits(self) -> Traits:
        """The traits of that program."""
        return TRAITS[self.program]

    @property
    def verdict(self) -> Verdict:
        """Whether the program suits this account."""
        return verdict_of(self.program, self.view.account, self.view.facts)

    @property
    def source(self) -> ValueSource:
        """How the program gets the values."""
        return source_of(self.program, self.view, self.ways[0].protocol)

    @property
    def instead(self) -> list[Choice]:
        """The programs to use instead."""
        others = instead_of(self.program, self.view.account, self.view.facts)
        return [self._to(program, program.value) for program in others]

    @property
    def devices(self) -> list[Choice]:
        """The first choice: each device with its chosen or its usual program."""
        mine = device_of(self.program)
        return [
            self._to(self.program if device is mine else usual, device.value)
            for device, (usual, *_) in PROGRAMS.items()
        ]

    @property
    def variants(self) -> list[Choice]:
        """The programs of the chosen device, if there are several."""
        programs = PROGRAMS[device_of(self.program)]
        return [self._to(program, program.value) for program in programs] if len(programs) > 1 else []

    def to(self, program: str) -> str:
        """The link to another program's steps."""
        return self.request.here(program=program)

    @property
    def ways(self) -> list[ServerView]:
        """The receiving servers that the steps name: one, or both side by side."""
        return self.view.ways(self.request.protocol)

    @property
    def ways_to_choose(self) -> list[Choice]:
        """The choice between IMAP and POP3, if there are both; neither is current while both are shown."""
        receiving, shown = self.view.receiving, self.ways
        return [
            Choice(
                server.protocol.value,
                self.program,
                self.request.here(protocol=server.protocol.value),
                shown == [server],
            )
            for server in (receiving if len(receiving) > 1 else [])
        ]

    @property
    def on_apple(self) -> bool:
        """Whether the reader's device can install a profile."""
        return self.request.hand in APPLE

    @property
    def profiles(self) -> list[tuple[Protocol, str]]:
        """The paths of the Apple profiles for the receiving servers shown."""
        protocols = [way.protocol for way in self.ways]
        return [
            (protocol, self._profile(protocol)) for protocol in protocols if has_profile(self.view.account, protocol)
        ]

    @property
    def codes(self) -> list[tuple[Protocol, str]]:
        """The QR codes for Thunderbird for Android for the receiving servers shown, as SVG; none in a letter."""
        if self.in_letter:
            return []
        texts = [(way.protocol, code_text(self.view.account, way.protocol, self.request.name)) for way in self.ways]
        return [(protocol, qr.svg(text)) for protocol, text in texts if text is not None]

    @property
    def for_iphone(self) -> str:
        """The public URL of this page with the steps for an iPhone, where the profile is."""
        typed = {"email": self.view.address or self.view.account.domain.name}
        kept = {**self.request.kept, "program": Program.IPHONE.value, "lang": self.request.language.value}
        return self.settings.public_url + self.base + link("/setup", **{**typed, **kept})

    @property
    def for_iphone_code(self) -> str:
        """The same URL as a QR code, as SVG."""
        return qr.svg(self.for_iphone)

    @property
    def needs_iphone_code(self) -> bool:
        """Whether the code helps: not a reader on a phone, unless the steps are for an iPhone."""
        return not self.request.phone or (self.program is Program.IPHONE and self.request.hand is not Program.IPHONE)

    @property
    def needs_values_on_paper(self) -> bool:
        """Whether to print the values, because the steps lack them: a profile, a code or the program has them."""
        return self.verdict.blocks or self.program in _SELF_SET

    def _to(self, program: Program, value: str) -> Choice:
        return Choice(value, program, self.request.here(program=program.value), program is self.program)

    def _profile(self, protocol: Protocol) -> str:
        values = {"email": self.view.address or ""}
        if protocol is Protocol.POP3:
            values["protocol"] = protocol.value
        if self.request.name:
            values["name"] = self.request.name
        return link(f"{self.request.base}/email.mobileconfig", **values, lang=self.request.language.value)
