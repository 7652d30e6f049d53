from __future__ import annotations

import datetime as dt
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from autoconfig.errors import SigningInvalid
from autoconfig.formats.signing import Identity, read_identity, signed
from tests.support.certificates import DAY, KINDS, Chain, chain, key, pem_of

if TYPE_CHECKING:
    from pathlib import Path

Verify = Callable[[bytes, Chain], bytes]

CONTENT = b"<plist>\n\r\n\xe5\xa4\xaa\xe9\x83\x8e\n</plist>\n"
# The name of the curve in an elliptic key, and one that does not exist.
CURVE, NO_CURVE = bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a8648ce3d03017f")


@pytest.fixture
def verify(openssl: str, tmp_path: Path) -> Verify:
    """What OpenSSL finds signed, by a device that knows the root alone."""

    def content(document: bytes, by: Chain) -> bytes:
        (tmp_path / "root.pem").write_bytes(by.root)
        (tmp_path / "signed.der").write_bytes(document)
        command = [openssl, "cms", "-verify", "-binary", "-inform", "DER", "-in", "signed.der", "-purpose", "any"]
        ended = subprocess.run(
            [*command, "-CAfile", "root.pem", "-no-CApath", "-no-CAstore"],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr.decode()
        return ended.stdout

    return content


@pytest.mark.parametrize("kind", KINDS)
def test_openssl_verifies(verify: Verify, tmp_path: Path, kind: str) -> None:
    """OpenSSL verifies the signature over an intermediate that came with it, and finds the very bytes inside."""
    made = chain(kind)
    key_file, certificates = made.write(tmp_path)

    assert verify(signed(read_identity(key_file, [certificates]), CONTENT), made) == CONTENT


def test_openssl_refuses(verify: Verify, tmp_path: Path) -> None:
    """A changed byte of the content, or a chain without its intermediate, is not verified."""
    made = chain()
    key_file, certificates = made.write(tmp_path)
    document = signed(read_identity(key_file, [certificates]), CONTENT)
    certificates.write_bytes(made.leaf)
    lonely = signed(read_identity(key_file, [certificates]), CONTENT)

    with pytest.raises(AssertionError, match="content verify error"):
        verify(document.replace(b"</plist>", b"</pwned>"), made)
    with pytest.raises(AssertionError, match="unable to get local issuer certificate"):
        verify(lonely, made)


@pytest.mark.parametrize("kind", KINDS)
def test_sha256(openssl: str, tmp_path: Path, kind: str) -> None:
    """The digest is SHA-256, and the content is inside: devices take no detached signature."""
    key_file, certificates = chain(kind).write(tmp_path)
    command = [openssl, "cms", "-cmsout", "-print", "-inform", "DER"]
    document = signed(read_identity(key_file, [certificates]), CONTENT)
    shown = subprocess.run(command, input=document, capture_output=True, check=True).stdout.decode()

    assert "algorithm: sha256 (2.16.840.1.101.3.4.2.1)" in shown
    assert "eContent: <ABSENT>" not in shown
    assert CONTENT in document


def found(identity: Identity) -> list[bytes]:
    """The leaf, then its chain, in PEM."""
    return [each.public_bytes(Encoding.PEM) for each in (identity.certificate, *identity.chain)]


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(lambda made: [made.leaf + made.intermediate], id="one file"),
        pytest.param(lambda made: [made.leaf, made.intermediate], id="a file for the chain"),
        pytest.param(lambda made: [made.intermediate + made.leaf], id="the chain first"),
        pytest.param(lambda made: [made.leaf + made.intermediate, made.intermediate], id="the chain twice"),
        pytest.param(lambda made: [made.leaf + made.leaf + made.intermediate], id="the certificate twice"),
        pytest.param(lambda made: [made.key + b"\n" + made.leaf + made.intermediate], id="with the key"),
        pytest.param(lambda made: [b"Bag Attributes\n" + made.leaf + b"x\n" + made.intermediate], id="with comments"),
    ],
)
def test_files(tmp_path: Path, parts: Callable[[Chain], list[bytes]]) -> None:
    """The certificate that fits the key signs, wherever it stands; every other one is sent once, as its chain."""
    made = chain()
    key_file, _ = made.write(tmp_path)
    files = []
    for number, content in enumerate(parts(made)):
        files.append(tmp_path / f"{number}.pem")
        files[-1].write_bytes(content)
    identity = read_identity(key_file, files)
    document = signed(identity, CONTENT)

    assert found(identity) == [made.leaf, made.intermediate]
    assert len(pkcs7.load_der_pkcs7_certificates(document)) == 2


def test_newest_certificate(tmp_path: Path) -> None:
    """Of two certificates for one key the one that ends last signs, and the other is not sent."""
    old, new = chain(ends=3 * DAY), chain(ends=90 * DAY)
    key_file, certificates = old.write(tmp_path)
    certificates.write_bytes(old.leaf + new.leaf + new.intermediate)

    assert found(read_identity(key_file, [certificates])) == [new.leaf, new.intermediate]


def test_end(tmp_path: Path) -> None:
    """The moment at which the certificate ends is known, also after it."""
    now = dt.datetime(2026, 11, 24, 12, 0, 0, tzinfo=dt.UTC)
    key_file, certificates = chain(ends=-DAY, now=now).write(tmp_path)

    assert read_identity(key_file, [certificates]).expires == now - DAY


@pytest.mark.parametrize(
    ("parts", "complete"),
    [
        pytest.param(lambda made: made.leaf + made.intermediate, True, id="with its issuer"),
        pytest.param(lambda made: made.leaf, False, id="alone"),
        pytest.param(lambda made: made.leaf + made.root, False, id="with the root only"),
    ],
)
def test_complete(tmp_path: Path, parts: Callable[[Chain], bytes], complete: bool) -> None:
    """A chain is complete as soon as the certificate's issuer is in it; a root need not be."""
    made = chain()
    key_file, certificates = made.write(tmp_path)
    certificates.write_bytes(parts(made))

    assert complete is read_identity(key_file, [certificates]).complete


def broken_curve(pem: bytes) -> bytes:
    """The certificate, with a key on a curve that nobody knows."""
    from cryptography.x509 import load_der_x509_certificate, load_pem_x509_certificate

    der = load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    return load_der_x509_certificate(der.replace(CURVE, NO_CURVE)).public_bytes(Encoding.PEM)


FAULTS = {
    "no key file": (None, "leaf", r"key\.pem: cannot be read: No such file or directory; check path and permissions"),
    "key is not PEM": (b"\x30\x82", "leaf", r"key\.pem: is not a private key in PEM"),
    "key is empty": (b"", "leaf", r"key\.pem: is not a private key in PEM"),
    "key is a certificate": ("leaf", "leaf", r"key\.pem: is not a private key in PEM"),
    "key is encrypted": (
        pem_of(key("EC"), b"secret"),
        "leaf",
        r"key\.pem: is encrypted; write the key without a passphrase",
    ),
    "another key": (
        pem_of(key("EC", 7)),
        "leaf",
        r"key\.pem: fits none of the certificates in .*cert\.pem; name the key of one of them",
    ),
    "a key of another kind": (pem_of(key("RSA")), "leaf", r"key\.pem: fits none of the certificates"),
    "no certificate file": ("key", None, r"cert\.pem: cannot be read: No such file or directory"),
    "certificate is not PEM": ("key", b"\x30\x82", r"cert\.pem: has no certificates in PEM"),
    "certificate is a key": ("key", "key", r"cert\.pem: has no certificates in PEM"),
    "certificate is cut off": ("key", chain().leaf[:200], r"cert\.pem: has no certificates in PEM"),
    "certificate of an unknown kind": ("key", broken_curve(chain().leaf), r"key\.pem: fits none of the certificates"),
    "Ed25519": (
        pem_of(key("Ed25519")),
        chain("Ed25519").leaf,
        r"key\.pem: cannot sign: .*; use RSA or an elliptic curve",
    ),
}


@pytest.mark.parametrize(("private", "certificate", "sentence"), FAULTS.values(), ids=FAULTS)
def test_faults(tmp_path: Path, private: bytes | str | None, certificate: bytes | str | None, sentence: str) -> None:
    """What cannot sign is refused with a sentence that names the file, what is wrong, and what to do."""
    made = chain()
    for name, content in (("key.pem", private), ("cert.pem", certificate)):
        if content is not None:
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else getattr(made, content))

    with pytest.raises(SigningInvalid, match=f"^{tmp_path}/{sentence}"):
        read_identity(tmp_path / "key.pem", [tmp_path / "cert.pem"])


def test_folder(tmp_path: Path) -> None:
    """A folder in place of a file is told, too."""
    with pytest.raises(SigningInvalid, match="cannot be read: Is a directory"):
        read_identity(tmp_path, [tmp_path])
