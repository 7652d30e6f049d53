"""
What keeps a checkout from being released: `python3 -m deploy.release.refusals`.

It needs the standard library and git only, because it comes before anything is installed.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

_VERSION = re.compile(r'^__version__ = "(.*)"$', re.MULTILINE)
_RELEASED = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(a|b|rc)?(?(4)\d+)")
_SECTION = r"^## \[?{version}\]?(?: - \d{{4}}-\d\d-\d\d)?\n(.*?)(?=^## |\Z)"


def version_of(checkout: Path) -> str:
    """The version in autoconfig/__init__.py."""
    found = _VERSION.search((checkout / "autoconfig" / "__init__.py").read_text(encoding="utf-8"))
    return found[1] if found else ""


def git(checkout: Path, *arguments: str) -> str:
    """
    What git prints.

    Raises:
        subprocess.CalledProcessError: git fails, for example outside a repository.
    """
    done = subprocess.run(["git", *arguments], cwd=checkout, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def refusals(checkout: Path) -> list[str]:
    """A sentence for each thing that has to be put right before this checkout can be released."""
    version = version_of(checkout)
    found = []
    if _RELEASED.fullmatch(version) is None or version == "0.0.0":
        found.append(f"autoconfig/__init__.py: the version is {version!r}; write one such as 1.2.3 or 1.2.3rc1")
    tags = git(checkout, "tag", "--points-at", "HEAD").split()
    if f"v{version}" not in tags:
        others = f" ({', '.join(tags)} does)" if tags else ""
        found.append(f"the tag v{version} does not point to this commit{others}; git tag v{version}")
    if changed := git(checkout, "status", "--porcelain").splitlines():
        found.append(
            f"the tree is not clean: {len(changed)} changed files, such as {changed[0].split()[-1]}; commit first"
        )
    changes = (checkout / "CHANGELOG.md").read_text(encoding="utf-8")
    section = re.search(_SECTION.format(version=re.escape(version)), changes, re.MULTILINE | re.DOTALL)
    if section is None or not section[1].strip():
        found.append(f"CHANGELOG.md has no section for {version}; write '## {version} - YYYY-MM-DD' above its changes")
    return found


if __name__ == "__main__":
    faults = refusals(Path.cwd())
    for fault in faults:
        sys.stderr.write(f"release: {fault}\n")
    sys.exit(1 if faults else 0)
