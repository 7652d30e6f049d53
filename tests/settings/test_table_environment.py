"""Variables of the environment that begin as those of settings do, and are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import SettingsInvalid
from autoconfig.settings import FILE_VARIABLE, Settings, foreign_variables, load

if TYPE_CHECKING:
    from pathlib import Path

MISSPELT = {
    "a letter is missing": ("AUTOCONFIG_DATABSE", "AUTOCONFIG_DATABASE"),
    "as others call it": ("AUTOCONFIG_DATABASE_URL", "AUTOCONFIG_DATABASE"),
    "one for many": ("AUTOCONFIG_TRUSTED_PROXY", "AUTOCONFIG_TRUSTED_PROXIES"),
    "lower case": ("AUTOCONFIG_timezone", "AUTOCONFIG_TIMEZONE"),
}

# What Kubernetes gives to every container, if a service is called autoconfig, and what administrators may have.
FOREIGN = (
    "AUTOCONFIG_IMAGE",
    "AUTOCONFIG_PORT",
    "AUTOCONFIG_PORT_8080_TCP",
    "AUTOCONFIG_PORT_8080_TCP_ADDR",
    "AUTOCONFIG_PORT_8080_TCP_PORT",
    "AUTOCONFIG_PORT_8080_TCP_PROTO",
    "AUTOCONFIG_SERVICE_HOST",
    "AUTOCONFIG_SERVICE_PORT",
    "AUTOCONFIG_SERVICE_PORT_HTTP",
    "AUTOCONFIG_VERSION",
)


@pytest.mark.parametrize(("variable", "meant"), MISSPELT.values(), ids=MISSPELT)
def test_misspelt(file: Path, variable: str, meant: str) -> None:
    """A variable that is nearly a setting's is refused, with the setting's, and without its value."""
    with pytest.raises(SettingsInvalid) as caught:
        load(file, {variable: "secret"})

    assert str(caught.value) == f"{variable}: there is no such setting; did you mean {meant}? Unset it if not"


def test_all_at_once(file: Path) -> None:
    """Misspelt variables, misspelt settings, their values and bad values are named together, a line each."""
    file.write_text('publik_url = "x"\ntimezone = "Tokyo"\nzzz = 1\n', encoding="utf-8")
    with pytest.raises(SettingsInvalid) as caught:
        load(file, {"AUTOCONFIG_DATABSE": "x", "AUTOCONFIG_RATE_LIMITS": "y"})
    file.write_text("nonsense", encoding="utf-8")
    with pytest.raises(SettingsInvalid) as no_toml:
        load(file, {"AUTOCONFIG_DATABSE": "x"})

    assert [line.split(" ")[:3] for line in str(caught.value).splitlines()] == [
        ["AUTOCONFIG_DATABSE:", "there", "is"],
        ["AUTOCONFIG_RATE_LIMITS:", "there", "is"],
        [f"{file}:", "timezone", "="],
        [f"{file}:", "publik_url:", "there"],
        [f"{file}:", "zzz:", "there"],
        [f"{file}:", "public_url", "="],
    ]
    assert [line.split(" ")[:3] for line in str(no_toml.value).splitlines()] == [
        ["AUTOCONFIG_DATABSE:", "there", "is"],
        [f"{file}:", "is", "not"],
    ]


def test_foreign(file: Path) -> None:
    """Variables of others that begin alike change nothing, and can be named."""
    environment = dict.fromkeys(FOREIGN, "tcp://10.0.0.1:80")

    assert load(file, environment) == load(file, {})
    assert foreign_variables(environment) == sorted(FOREIGN)


def test_ours() -> None:
    """No setting is foreign, nor the variable of the file, nor one that is empty, nor another program's."""
    ours = {f"AUTOCONFIG_{key.upper()}": "x" for key in Settings.model_fields}

    assert foreign_variables({**ours, FILE_VARIABLE: "x", "AUTOCONFIG_X": "", "PATH": "x"}) == []
