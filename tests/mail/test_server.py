from __future__ import annotations

from autoconfig.mail.server import Login


def test_passwords() -> None:
    """Two methods ask for a password."""
    assert {Login.CLEARTEXT, Login.ENCRYPTED} == {login for login in Login if login.is_password}


def test_without_a_user() -> None:
    """By two methods nobody logs in."""
    assert {Login.NONE, Login.CLIENT_IP_ADDRESS} == {login for login in Login if not login.has_user}
