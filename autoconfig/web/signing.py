"""
Sign profiles, reload the certificate when its files change, and warn before it expires.

A renewed key and certificate are used as soon as they can sign as a pair; a bad pair only sets `fault`. A server that
starts with a bad pair serves profiles without a signature until the pair is corrected: mail programs do not need one.
An expired certificate still signs, because devices then install the profile as unverified, but it does not replace a
valid one. Signatures are made in a thread, also the one that tests a new pair: with an RSA key of 4096 bits each takes
3 to 6 ms.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from autoconfig.errors import SigningInvalid
from autoconfig.file_watch import Watched
from autoconfig.formats.signing import read_identity, signed
from autoconfig.log import logger
from autoconfig.web.executor import BoundedExecutor

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from autoconfig.formats.signing import Identity
    from autoconfig.settings import Settings

SOON = timedelta(days=14)
"""How long before its end a certificate is reported, once a day."""


class ProfileSigner:
    """Signs with watched key and certificate files; without any, profiles stay unsigned."""

    def __init__(
        self, key: Path | None, certificate: Path | None, chain: Path | None, clock: Callable[[], float] = time.time
    ) -> None:
        """Read nothing before `start`. `clock` returns Unix seconds."""
        self.fault: SigningInvalid | None = None
        """Why the present files cannot sign, if they cannot."""
        self._key, self._certificate, self._chain = key, certificate, chain
        self._clock = clock
        self._identity: Identity | None = None
        # Unchanged from one check to the next is enough: a renewal writes its files at once.
        self._files = Watched([file for file in (key, certificate, chain) if file], quiet=0)
        self._told: tuple[Identity, int] | None = None
        self._executor = BoundedExecutor("signing")

    @classmethod
    def of(cls, settings: Settings) -> ProfileSigner:
        """The signer for these settings."""
        return cls(settings.profile_key, settings.profile_certificate, settings.profile_chain)

    async def start(self) -> None:
        """
        Read the files, if the settings name any. If they cannot sign, `fault` says why, and profiles stay unsigned.

        Raises:
            SigningInvalid: the settings name only one of key and certificate.
        """
        if (self._key is None) != (self._certificate is None) or (self._chain and self._key is None):
            raise SigningInvalid("profile_key and profile_certificate sign together; set both, or none of the three")
        await self._take()

    def log_fault(self) -> None:
        """Log the fault, if there is one."""
        if self.fault:
            unsigned = self._identity is None
            event = "profiles are not signed" if unsigned else "profiles are signed with the certificate from before"
            logger().error(event, problem=str(self.fault))

    async def tick(self) -> None:
        """Read the files if they have changed and settled; warn before the certificate expires."""
        if self.wanted and self._files.due():
            await self.reload()
        self._log_expiry()

    async def reload(self) -> None:
        """Read the files now. Bad ones change nothing but `fault`."""
        await self._take()
        self.log_fault()
        if self._identity is not None and not self.fault:
            logger().info("the certificate for profiles was loaded", expires=self._identity.expires.isoformat())

    @property
    def wanted(self) -> bool:
        """Whether the settings name a key and a certificate."""
        return self._key is not None and self._certificate is not None

    @property
    def signs(self) -> bool:
        """Whether profiles are signed now."""
        return self._identity is not None

    @property
    def expires(self) -> float | None:
        """Unix time at which the certificate expires; `None` if profiles are not signed."""
        return None if self._identity is None else self._identity.expires.timestamp()

    async def sign(self, profile: bytes) -> bytes:
        """
        The profile to send.

        Raises:
            Overloaded: too many profiles are waiting for their signature.
        """
        return profile if self._identity is None else await self._executor.run(signed, self._identity, profile)

    def status(self) -> dict[str, str | None] | None:
        """
        The state of the certificate for monitoring; `None` if the settings name none.

        `state` is `good`, `incomplete`, `expires soon`, `expired` or `unsigned`.
        """
        if not self.wanted:
            return None
        identity = self._identity
        return {
            "expires": identity.expires.isoformat() if identity else None,
            "state": self._state(identity) if identity else "unsigned",
            "fault": str(self.fault) if self.fault else None,
        }

    async def _take(self) -> None:
        """Use the pair in the files if it can sign, unless it would replace a valid certificate by an invalid one."""
        if self._key is None or self._certificate is None:
            return
        self._files.note()
        files = [self._certificate, *([self._chain] if self._chain else [])]
        try:
            identity = await asyncio.to_thread(read_identity, self._key, files)
            if not self._valid(identity) and self._identity is not None and self._valid(self._identity):
                raise SigningInvalid(
                    f"{self._certificate}: is valid from {identity.begins.isoformat()} to "
                    f"{identity.expires.isoformat()}, which is not now; the one that is served is valid"
                )
        except SigningInvalid as error:
            self.fault = error
        else:
            self._identity, self.fault = identity, None

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def _valid(self, identity: Identity) -> bool:
        return identity.begins <= self._now() < identity.expires

    def _state(self, identity: Identity) -> str:
        left = identity.expires - self._now()
        if left <= timedelta():
            return "expired"
        return "expires soon" if left <= SOON else "good" if identity.complete else "incomplete"

    def _log_expiry(self) -> None:
        """Log a certificate that expires, has expired or lacks its chain: at once, then once a day."""
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
