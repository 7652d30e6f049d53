"""`autoconfig init`: make all files of a new server in one folder."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import string
import time
from importlib.resources import as_file
from pathlib import Path
from typing import Annotated

import typer

from autoconfig.errors import FolderTaken
from autoconfig.files import created
from autoconfig.mail.domain import is_host_name
from autoconfig.resources import templates
from autoconfig.settings import FILE_NAME, load

FILES = (FILE_NAME, "plans.toml", "mapping.db")


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder; created if it does not exist.")],
    demo: Annotated[bool, typer.Option("--demo", help="Use a Japanese provider's plans and example domains.")] = False,
) -> None:
    """Make autoconfig.toml, plans and an empty mapping in a folder."""
    taken = [name for name in FILES if os.path.lexists(folder / name)]
    if taken:
        raise FolderTaken(f"{folder}: already has {', '.join(taken)}; nothing was changed, choose another folder")
    with contextlib.ExitStack() as undoing:  # half a server is worse than none
        try:
            folder.mkdir(parents=True, exist_ok=True)
            kind = "demo" if demo else "init"
            _write(folder / "plans.toml", (templates() / kind / "plans.toml").read_text(encoding="utf-8"), undoing)
            _write(folder / FILE_NAME, _settings_text(demo=demo), undoing)
            created(folder / "mapping.db")
            undoing.callback((folder / "mapping.db").unlink, missing_ok=True)
        except OSError as error:
            raise FolderTaken(f"{folder}: cannot be written: {error.strerror}; choose another folder") from error
        from autoconfig.mapping.store_database import upgrade

        upgrade(load(folder / FILE_NAME, {}).database, create=True)
        if demo:
            _fill(folder)
        undoing.pop_all()
    typer.echo(f"{folder}: made {', '.join(FILES)}")
    if not demo:
        typer.echo(f"Next: edit {folder / 'plans.toml'}, then `autoconfig --config {folder / FILE_NAME} plans check`")


def _settings_text(*, demo: bool) -> str:
    text = (templates() / "init" / FILE_NAME).read_text(encoding="utf-8")
    values = {
        "public_url": "https://autoconfig.xbit.jp" if demo else f"https://{_host_name()}",
        "profile_identifier": "jp.xbit.autoconfig" if demo else _profile_identifier(),
        "timezone": "Asia/Tokyo" if demo else system_timezone(),
        "page_language": "ja" if demo else "en",
        "provider_name": '{ ja = "xbit.jp メールサポート", en = "xbit.jp mail support" }' if demo else '"Your company"',
        "comment": "" if demo else "# ",
    }
    return string.Template(text).substitute(values)


def _fill(folder: Path) -> None:
    from autoconfig.mapping import csv_file, sync
    from autoconfig.mapping.store import Journal
    from autoconfig.plans import read_file

    settings = load(folder / FILE_NAME, {})
    with as_file(templates() / "demo" / "mapping.csv") as source:
        sheet = csv_file.read(source, settings.timezone, read_file(settings.plans).check)
    with contextlib.closing(sheet), contextlib.closing(Journal(settings.database)) as journal:
        sync.sync(journal, sheet, int(time.time()))


def _write(path: Path, text: str, undoing: contextlib.ExitStack) -> None:
    created(path)  # never overwrites a file; private, because it may get a password later
    undoing.callback(path.unlink, missing_ok=True)
    path.write_text(text, encoding="utf-8")


def _host_name() -> str:
    name = socket.getfqdn().lower()
    return name if "." in name and is_host_name(name) else "autoconfig.invalid"


def _profile_identifier() -> str:
    """The host's name in reverse, or else a unique identifier."""
    name = _host_name()
    if name.endswith(".invalid"):
        return f"invalid.autoconfig.i{secrets.token_hex(8)}"
    return ".".join(reversed(name.split(".")))


def system_timezone() -> str:
    """The IANA name of the machine's time zone, as Debian and systemd keep it; UTC if they do not name one."""
    from zoneinfo import available_timezones

    candidates = [os.environ.get("TZ", "").removeprefix(":")]
    with contextlib.suppress(OSError, UnicodeDecodeError):
        candidates.append(Path("/etc/timezone").read_text(encoding="ascii").strip())
    candidates.append(str(Path("/etc/localtime").resolve()).rpartition("zoneinfo/")[2])
    known = available_timezones()
    return next((name for name in candidates if name in known), "UTC")
