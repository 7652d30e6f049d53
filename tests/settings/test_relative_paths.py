from __future__ import annotations

from pathlib import Path

import pytest

from autoconfig.settings import load

RELATIVE = {
    "plans": ("plans", "conf/plans.toml", "{folder}/conf/plans.toml"),
    "logo": ("provider_logo", "logo.svg", "{folder}/logo.svg"),
    "templates": ("templates_dir", "../templates", "{folder}/../templates"),
    "state folder": ("state_dir", "../state", "{folder}/../state"),
    "key": ("profile_key", "tls/privkey.pem", "{folder}/tls/privkey.pem"),
    "certificate": ("profile_certificate", "tls/cert.pem", "{folder}/tls/cert.pem"),
    "chain": ("profile_chain", "/etc/tls/chain.pem", "/etc/tls/chain.pem"),
    "database": ("database", "sqlite:///data/mapping.db", "sqlite:///{folder}/data/mapping.db"),
    "database with a driver": ("database", "sqlite+pysqlite:///m.db", "sqlite+pysqlite:///{folder}/m.db"),
    "absolute database": ("database", "sqlite:////var/lib/m.db", "sqlite:////var/lib/m.db"),
    "database without a path": ("database", "sqlite://", "sqlite://"),
    "database elsewhere": ("database", "mysql://db.example/m", "mysql://db.example/m"),
    "database on a Unix socket": ("database", "postgresql:///m", "postgresql:///m"),
}


@pytest.mark.parametrize(("key", "text", "expected"), RELATIVE.values(), ids=RELATIVE.keys())
def test_relative_paths(file: Path, key: str, text: str, expected: str) -> None:
    """A relative path, from the file or from the environment, is relative to the folder of autoconfig.toml."""
    from_environment = load(file, {f"AUTOCONFIG_{key.upper()}": text})
    file.write_text(f'{key} = "{text}"', encoding="utf-8")

    assert expected.format(folder=file.parent) == str(getattr(load(file, {}), key))
    assert load(file, {}) == from_environment


def test_relative_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration file that is itself given by a relative path makes absolute paths too."""
    monkeypatch.chdir(file.parent)

    assert load(Path("autoconfig.toml"), {}).plans == file.parent / "plans.toml"
