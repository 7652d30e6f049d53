"""A running server's plans file, and what tests do to it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from autoconfig.errors import Fault, MappingUnavailable
from autoconfig.plans.reload import PlansFile

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.plans import Plans


def plan(key: str, name: str = "A") -> str:
    """The lines of one good plan."""
    rest = 'tls = "ssl", login = ["password-cleartext"], username = "{address}"'
    return (
        f'[plans.{key}]\nname = "{name}"\nservers = [\n'
        f'  {{ protocol = "imap", host = "{{domain}}", port = 993, {rest} }},\n'
        f'  {{ protocol = "smtp", host = "{{domain}}", port = 465, {rest} }},\n]\n'
    )


ONE, TWO = plan("one"), plan("one") + plan("two")


@dataclass
class Server:
    """A running server's plans file, its clock, and the plans that rows of its mapping use."""

    folder: Path
    used: set[str] = field(default_factory=set)
    database_is_down: bool = False
    asked: list[frozenset[str]] = field(default_factory=list)
    now: float = 1000.0
    wanted: str | None = None
    """A plan that the settings want, as `default_plan` does."""

    def __post_init__(self) -> None:
        """Watch a file that may not be there yet."""
        self.path, self.state = self.folder / "plans.toml", self.folder / "state"
        self.file = self.process()

    def process(self) -> PlansFile:
        """Another process over the same files."""
        return PlansFile(self.path, self.state, self.in_use, self.check, lambda: self.now)

    async def in_use(self, plans: frozenset[str]) -> frozenset[str]:
        """Which of these plans rows use."""
        self.asked.append(plans)
        if self.database_is_down:
            raise MappingUnavailable("out of reach")
        return plans & self.used

    def check(self, plans: Plans) -> list[Fault]:
        """Why the settings do not allow these plans."""
        return [] if self.wanted in {None, *plans.plans} else [Fault("wanted", "is not there")]

    def write(self, text: str) -> None:
        """Save the file."""
        self.path.write_text(text, encoding="utf-8")

    def start(self, text: str = ONE) -> Server:
        """Save the file and start."""
        self.write(text)
        asyncio.run(self.file.start())
        return self

    def tick(self, after: float = 1.0) -> bool:
        """Look at the file some seconds later."""
        self.now += after
        return asyncio.run(self.file.tick())

    def reload(self) -> None:
        """Load the file now."""
        asyncio.run(self.file.reload())

    def names(self, folder: Path) -> list[str]:
        """What is in a folder."""
        return [path.name for path in folder.iterdir()]

    @property
    def keys(self) -> list[str]:
        """The keys of the plans that are served."""
        return list(self.file.current.plans)

    @property
    def copied(self) -> str:
        """What the copy in the state folder says."""
        return (self.state / "plans.toml").read_text(encoding="utf-8")
