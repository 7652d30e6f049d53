"""
Keeps what signs profiles up to date with its files, and tells of its end before it comes.

A renewed key and certificate are taken over by themselves, and only as a pair that can sign; what is bad changes
nothing but `fault`. An expired certificate still signs: devices then install the profile as unverified.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from autoconfig.errors import SigningInvalid
from autoconfig.formats.signing import read_identity, signed
from autoconfig.log import logger
from autoconfig.watching import Watched

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from autoconfig.formats.signing import Identity
    from autoconfig.settings import Settings

SOON = timedelta(days=14)
"""How long before its end a certificate is complained of, once a day."""


class ProfileSigner:
    """Key and certificate files, watched; or nothing, and profiles are not signed."""

    def __init__(
        self, key: Path | None, certificate: Path | None, chain: Path | None, clock: Callable[[], float] = time.time
    ) -> None:
        """Nothing is read before `start`; `clock` says Unix seconds."""
        self.fault: SigningInvalid | None = None
        """Why the files as they are now do not sign, if they do not."""
        self._key, self._certificate, self._chain = key, certificate, chain
        self._clock = clock
        self._identity: Identity | None = None
        # Quiet from one look to the next: what a renewal writes it writes at once.
        self._files = Watched([file for file in (key, certificate, chain) if file], quiet=0)
        self._told: tuple[Identity, int] | None = None

    @classmethod
    def of(cls, settings: Settings) -> ProfileSigner:
        """The one that the settings describe."""
        return cls(settings.profile_key, settings.profile_certificate, settings.profile_chain)

    def start(self) -> None:
        """
        Read the files, if there are any.

        Raises:
            SigningInvalid: they cannot sign, or only one of key and certificate is named.
        """
        if self._key is None and self._certificate is None and self._chain is None:
            return
        self._files.note()
        self._identity = self._read()

    def tick(self) -> None:
        """Look at the files; read them once they have changed and then been left alone until the next look."""
        if self._identity is None:
            return
        if self._files.due():
            self.reload()
        self._tell_of_end()

    def reload(self) -> None:
        """Read the files now. Bad ones change nothing but `fault`."""
        if self._identity is None:
            return
        self._files.note()
        try:
            self._identity, self.fault = self._read(), None
        except SigningInvalid as error:
            self.fault = error
            logger().error("profiles are signed with the certificate from before", problem=str(error))
        else:
            logger().info("the certificate for profiles was loaded", expires=self._identity.expires.isoformat())

    @property
    def expires(self) -> float | None:
        """Unix time at which the certificate expires; `None` where profiles are not signed."""
        return None if self._identity is None else self._identity.expires.timestamp()

    def sign(self, profile: bytes) -> bytes:
        """The profile as it is sent."""
        return profile if self._identity is None else signed(self._identity, profile)

    def status(self) -> dict[str, str | None] | None:
        """For monitoring: until when and how well the certificate serves; `None` where profiles are not signed."""
        if self._identity is None:
            return None
        return {
            "expires": self._identity.expires.isoformat(),
            "state": self._state(self._identity),
            "fault": str(self.fault) if self.fault else None,
        }

    def _read(self) -> Identity:
        if self._key is None or self._certificate is None:
            raise SigningInvalid("profile_key and profile_certificate sign together; set both, or none of the three")
        return read_identity(self._key, [self._certificate, *([self._chain] if self._chain else [])])

    def _state(self, identity: Identity) -> str:
        left = identity.expires - datetime.fromtimestamp(self._clock(), UTC)
        if left <= timedelta():
            return "expired"
        return "expires soon" if left <= SOON else "good" if identity.complete else "incomplete"

    def _tell_of_end(self) -> None:
        """Once for each certificate, and once a day for as long as there is something to say."""
        identity, today = self._identity, int(self._clock() // 86400)
        if identity is None or self._told == (identity, today):
            return
        self._told = (identity, today)
        where = {"file": str(self._certificate), "expires": identity.expires.isoformat()}
        match self._state(identity):
            case "expired":
                logger().error("the certificate for profiles has expired: devices call them unverified", **where)
            case "expires soon":
                logger().warning("the certificate for profiles expires soon", **where)
            case "incomplete":
                remedy = "put its chain into the file, or name it in profile_chain"
                logger().warning("the issuer of the certificate for profiles is missing", remedy=remedy, **where)
