"""Judge what a server presented in a TLS handshake, for one host name."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from autoconfig.check.flaw import Flaw
from autoconfig.check.tls_codes import TLSCode

if TYPE_CHECKING:
    from autoconfig.check.certificate import CertificateFacts
    from autoconfig.check.tls_handshake import Handshake

SOON = dt.timedelta(days=14)
_LONG_AGO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_OLD = frozenset({"SSLv3", "TLSv1", "TLSv1.1"})
_MOST_NAMED = 6
"""Names of a certificate that a finding lists."""

# X509_V_ERR_… of OpenSSL's x509_vfy.h
_NOT_YET_VALID, _EXPIRED = 9, 10
_SELF_SIGNED_LEAF = 18
_NO_ISSUER = frozenset({2, 20, 21})
"""The chain ends before a trusted root: the next certificate is neither sent nor known."""
_TIMES = frozenset({_NOT_YET_VALID, _EXPIRED})
_REASONS = {
    7: "a signature is wrong",
    19: "its root is not trusted",
    24: "an issuer is not a certificate authority",
    25: "the chain is longer than an issuer allows",
    26: "it is not for servers",
    79: "an issuer is not a certificate authority",
}


def flaws_of(shake: Handshake, host: str, now: dt.datetime | None = None) -> list[Flaw]:
    """
    The faults of a handshake for a host: at most one of its certificate, the one to mend first, and one of its version.

    `now`: the time for `certificate-expires-soon`. Whether a certificate is valid now was decided in the handshake.
    """
    found = []
    if (code := _certificate_code(shake, host, now or dt.datetime.now(dt.UTC))) is not None:
        found.append(Flaw(code, _described(shake, host, code)))
    if shake.version in _OLD:
        found.append(Flaw(TLSCode.TOO_OLD, f"{shake.version} is the newest version that the server accepts"))
    return found


def sni_flaw(shake: Handshake, bare: Handshake | str, host: str) -> Flaw | None:
    """
    The note that clients without SNI see another certificate, which does not suit them.

    `bare`: what the server presents without a name, or why the handshake fails.
    """
    if isinstance(bare, str):
        return Flaw(TLSCode.SNI_NEEDED, f"without SNI: {bare}")
    if bare.leaf.fingerprint == shake.leaf.fingerprint:
        return None
    code = _certificate_code(bare, host, _LONG_AGO)
    return None if code is None else Flaw(TLSCode.SNI_NEEDED, f"without SNI: {_described(bare, host, code)}")


def _certificate_code(shake: Handshake, host: str, now: dt.datetime) -> TLSCode | None:
    numbers = {problem.number for problem in shake.problems}
    leaf = shake.leaf
    if _SELF_SIGNED_LEAF in numbers:
        return TLSCode.SELF_SIGNED
    chain_ends = bool(numbers & _NO_ISSUER)
    issuer_sent = any(other.subject == leaf.issuer for other in shake.chain[1:])
    if numbers - _NO_ISSUER - _TIMES or (chain_ends and issuer_sent):
        return TLSCode.UNTRUSTED
    if not leaf.covers(host):
        return TLSCode.WRONG_NAME
    if chain_ends:
        return TLSCode.INCOMPLETE
    if _EXPIRED in numbers:
        return TLSCode.EXPIRED
    if _NOT_YET_VALID in numbers:
        return TLSCode.NOT_YET_VALID
    if any(certificate.has_weak_key for certificate in shake.chain):
        return TLSCode.WEAK_KEY
    # Clients do not check the signature of a root: they trust the root itself.
    if any(certificate.has_weak_signature and not certificate.is_self_issued for certificate in shake.chain):
        return TLSCode.WEAK_SIGNATURE
    return TLSCode.EXPIRES_SOON if leaf.not_after - now < SOON else None


def _described(shake: Handshake, host: str, code: TLSCode) -> str:
    """The code's own fact first, then the others that hold besides."""
    leaf, numbers = shake.leaf, {problem.number for problem in shake.problems}
    facts: list[str] = []
    if code is TLSCode.SELF_SIGNED:
        facts.append("self-signed")
    elif code is TLSCode.UNTRUSTED:
        reasons = [
            _REASONS.get(number, f"OpenSSL's error {number}") for number in sorted(numbers - _NO_ISSUER - _TIMES)
        ]
        facts += [f"issued by {leaf.issuer}", *(reasons or ["its root is neither sent nor trusted"])]
    elif code is TLSCode.INCOMPLETE:
        facts.append(f"only the server's own certificate is sent, and not that of its issuer, {leaf.issuer}")
    elif code is TLSCode.WEAK_KEY:
        facts += [f"{weak.subject} has a weak key, {weak.key} bits" for weak in shake.chain if weak.has_weak_key]
    elif code is TLSCode.WEAK_SIGNATURE:
        facts += [f"{weak.subject} is signed with {weak.signature}" for weak in shake.chain if weak.has_weak_signature]
    if not leaf.covers(host):
        facts.append(f"for {names_of(leaf)}, not for {host}")
    facts += _times(shake, numbers)
    if not facts:
        facts.append(f"expires on {leaf.not_after:%Y-%m-%d %H:%M} UTC")
    return "; ".join(facts)


def _times(shake: Handshake, numbers: set[int]) -> list[str]:
    """What is expired or not yet valid, by the certificate that it holds for."""
    places = [(problem.number, problem.depth) for problem in shake.problems if problem.number in numbers & _TIMES]
    found = []
    for number, depth in places:
        certificate = shake.chain[min(depth, len(shake.chain) - 1)]
        which = "" if depth == 0 else f"{certificate.subject} "
        if number == _EXPIRED:
            found.append(f"{which}expired on {certificate.not_after:%Y-%m-%d %H:%M} UTC")
        else:
            found.append(f"{which}not valid before {certificate.not_before:%Y-%m-%d %H:%M} UTC")
    return found


def names_of(certificate: CertificateFacts) -> str:
    """The names that a certificate is for, in a few words."""
    names = certificate.names
    if not names:
        unread = f": programs read subjectAltName, not {certificate.subject}" if certificate.subject else ""
        return f"no name{unread}"
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
