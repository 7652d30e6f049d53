from __future__ import annotations

import os
import re
import sqlite3
import tomllib
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from autoconfig.cli.init import system_timezone
from autoconfig.settings import Settings, load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Command

FILES = ["autoconfig.toml", "mapping.db", "plans.toml"]
DEMO = {
    "sample.co.jp": ("server-maintenance", {}),
    "hanako-flowers.example": ("shared-standard", {"server": "cs312.xbit.jp"}),
    "yamada-law.example": ("shared-managed", {}),
    "vps-customer.example": (
        "server-setup",
        {"incoming": "mail.{domain}", "outgoing": "smtpd.vps-customer.example"},
    ),
    "second-brand.example": (
        "server-maintenance",
        {"incoming": "vps-customer.example", "outgoing": "vps-customer.example"},
    ),
    "old-shop.example": ("legacy-os", {"username": "{local}.{domain}"}),
    "recommended.example": ("xserver", {"server": "sv1234.xserver.jp"}),
    "xn--wgv71a119e.example": ("shared-managed", {}),
}
PLANS = ["shared-standard", "shared-managed", "server-maintenance", "server-setup", "legacy-os", "xserver"]


def files(folder: Path) -> list[str]:
    """What is in a folder."""
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("demo", [True, False], ids=["demo", "plain"])
def test_files(command: Command, tmp_path: Path, *, demo: bool) -> None:
    """`init` makes three files in a folder, which it makes too, and the plans are good."""
    folder = tmp_path / "new" / "folder"
    said = command("init", folder, *(["--demo"] if demo else []))

    assert files(folder) == FILES
    assert said.out.startswith(f"{folder}: made autoconfig.toml, plans.toml, mapping.db\n")
    assert {name: (folder / name).stat().st_mode & 0o777 for name in FILES} == dict.fromkeys(FILES, 0o640)
    assert command("plans", "check", "--config", folder / "autoconfig.toml").err == ""


def test_folder_that_is_there(command: Command, tmp_path: Path) -> None:
    """A folder with other files in it is taken as it is."""
    (tmp_path / "notes.txt").touch()
    command("init", tmp_path)

    assert files(tmp_path) == sorted([*FILES, "notes.txt"])


def test_relative_folder(command: Command, tmp_path: Path) -> None:
    """The folder may be this one."""
    command("init", ".")

    assert files(tmp_path) == FILES
    command("mapping", "list")


def test_demo(on_demo: Command) -> None:
    """The demo has the provider's eight example domains on its plans, from now on."""
    rows = [row for name in DEMO for row in on_demo("mapping", "history", name, "--json").data]

    assert {row["name"]: (row["plan"], row["params"]) for row in rows} == DEMO
    assert len(on_demo("mapping", "list", "--json").out.splitlines()) == len(rows) == 8
    assert [plan["plan"] for plan in on_demo("plans", "list", "--json").data] == PLANS


def test_demo_settings(demo: Path) -> None:
    """The demo is in Japan, and its profiles have the provider's name."""
    settings = load(demo / "autoconfig.toml", {})

    assert settings.timezone == "Asia/Tokyo"
    assert settings.public_url == "https://autoconfig.xbit.jp"
    assert settings.profile_identifier == "jp.xbit.autoconfig"


def test_plain(command: Command, tmp_path: Path) -> None:
    """A plain start has one plan, no domains, and says what is next."""
    said = command("init", tmp_path)
    file = tmp_path / "autoconfig.toml"

    assert command("mapping", "list", "--json", "--config", file).out == ""
    assert [plan["plan"] for plan in command("plans", "list", "--json", "--config", file).data] == ["standard"]
    assert (
        f"Next: edit {tmp_path / 'plans.toml'}, then `autoconfig --config {file} plans check`" in said.out.splitlines()
    )


def test_plain_serves_a_customer(command: Command, tmp_path: Path) -> None:
    """What the comments of the plain plans tell an administrator to write works."""
    command("init", tmp_path)
    plans = tmp_path / "plans.toml"
    text = plans.read_text(encoding="utf-8")
    tables = re.findall(r"(?m)^# (\[.*\]\]?\n(?:# .+\n)+)", text)
    plans.write_text(text + "\n" + "\n".join("\n" + re.sub("(?m)^# ", "", table) for table in tables), encoding="utf-8")
    command("plans", "check")
    command("mapping", "set", "customer.example", "--plan", "standard", "--param", "incoming=mail.{domain}")

    assert len(tables) == 3
    assert "mail.customer.example" in command("show", "a@customer.example").out


def test_settings_text(command: Command, tmp_path: Path) -> None:
    """Every slot of the settings' template is filled, and every setting that it shows as an example is one."""
    command("init", tmp_path)
    text = (tmp_path / "autoconfig.toml").read_text(encoding="utf-8")
    shown = re.sub("(?m)^# ?([a-z_]+ = )", r"\1", text)

    assert "$" not in text
    assert {"public_url", "profile_identifier", "timezone"} <= tomllib.loads(text).keys()
    assert tomllib.loads(shown).keys() <= Settings.model_fields.keys()
    assert len(tomllib.loads(shown)) > len(tomllib.loads(text))


def test_each_server_has_its_own_identifier(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine without a name, two servers still sign profiles with two identifiers."""
    monkeypatch.setattr("autoconfig.cli.init.socket.getfqdn", lambda: "localhost")
    identifiers = set()
    for name in ("one", "two"):
        command("init", tmp_path / name)
        identifiers.add(load(tmp_path / name / "autoconfig.toml", {}).profile_identifier)

    assert len(identifiers) == 2
    assert load(tmp_path / "one" / "autoconfig.toml", {}).public_url == "https://autoconfig.invalid"


def test_the_machines_name(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine's full name becomes the public address, and in reverse the identifier of profiles."""
    monkeypatch.setattr("autoconfig.cli.init.socket.getfqdn", lambda: "Autoconfig.Provider.Example")
    command("init", tmp_path)
    settings = load(tmp_path / "autoconfig.toml", {})

    assert settings.public_url == "https://autoconfig.provider.example"
    assert settings.profile_identifier == "example.provider.autoconfig"


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", ["file", "dangling link"])
def test_taken(command: Command, tmp_path: Path, name: str, kind: str) -> None:
    """A folder that has one of the files is refused, and nothing in it changes."""
    if kind == "file":
        (tmp_path / name).write_text("mine")
    else:
        (tmp_path / name).symlink_to(tmp_path / "elsewhere" / "mine")
    said = command("init", tmp_path, "--demo", code=2)

    assert said.err == (f"autoconfig: {tmp_path}: already has {name}; nothing was changed, choose another folder\n")
    assert files(tmp_path) == [name]
    assert kind != "file" or (tmp_path / name).read_text() == "mine"


def test_a_second_time(command: Command, demo: Path) -> None:
    """`init` over its own work changes nothing."""
    before = {path: path.read_bytes() for path in demo.iterdir()}
    said = command("init", demo, "--demo", code=2).err

    assert f"{demo}: already has autoconfig.toml, plans.toml, mapping.db" in said
    assert before == {path: path.read_bytes() for path in demo.iterdir()}


@pytest.mark.parametrize("below", ["", "folder"], ids=["itself", "a folder below"])
def test_a_file_in_place_of_the_folder(command: Command, tmp_path: Path, below: str) -> None:
    """Where no folder can be made, one line says so."""
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / below
    said = command("init", folder, code=2).err

    assert said.startswith(f"autoconfig: {folder}: cannot be written: ")
    assert len(said.splitlines()) == 1


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder that we may not write to, even if the tests run as root."""
    folder = tmp_path / "read-only"
    folder.mkdir(0o555)
    outside, was = [path for path in tmp_path.parents if path.stat().st_mode & 0o001 == 0], os.geteuid()
    modes = {path: path.stat().st_mode for path in (tmp_path, *outside)}
    if was == 0:
        for path, mode in modes.items():
            path.chmod(mode | 0o111)
        os.seteuid(65534)
    yield folder
    if was == 0:
        os.seteuid(was)
        for path, mode in modes.items():
            path.chmod(mode)
    folder.chmod(0o755)


def test_unwritable_folder(command: Command, read_only: Path) -> None:
    """A folder that may not be written to is refused in one line, and nothing is left behind."""
    said = command("init", read_only, code=2).err

    assert said == f"autoconfig: {read_only}: cannot be written: Permission denied; choose another folder\n"
    assert files(read_only) == []


def test_nothing_is_left_of_a_failure(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An `init` that fails half way takes its files back, so that it can be repeated."""
    with monkeypatch.context() as changed:
        changed.setattr("autoconfig.mapping.store_database.REVISION", "0000")
        changed.setattr("autoconfig.cli.init.FILE_NAME", "no/such/folder.toml")
        command("init", tmp_path, code=2)
    assert files(tmp_path) == []
    command("init", tmp_path)


def test_private(made: Path) -> None:
    """The database is one of ours from the beginning, in the journal mode that lets readers never wait."""
    with closing(sqlite3.connect(made / "mapping.db")) as connection:
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()

    assert mode == "wal"


ZONES = {
    "Asia/Tokyo": "Asia/Tokyo",
    ":Europe/Berlin": "Europe/Berlin",
}


@pytest.mark.parametrize(("variable", "zone"), ZONES.items(), ids=ZONES)
def test_timezone_of_the_environment(monkeypatch: pytest.MonkeyPatch, variable: str, zone: str) -> None:
    """The time zone is the one that TZ names."""
    monkeypatch.setenv("TZ", variable)

    assert zone == system_timezone()


@pytest.mark.parametrize("variable", ["", "JST-9", "/etc/localtime"])
def test_timezone_of_the_machine(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """Where TZ names no IANA zone, the machine's is taken, or UTC: always one that the settings accept."""
    monkeypatch.setenv("TZ", variable)
    zone = system_timezone()

    assert (Path("/usr/share/zoneinfo") / zone).exists() or zone == "UTC"
