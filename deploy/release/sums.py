"""Checksums of the files of a release: `python3 -m deploy.release.sums FOLDER` writes them again."""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path


def write_sums(folder: Path) -> None:
    """Write SHA256SUMS, for `sha256sum --check`, over all other files of a folder."""
    paths = sorted(path for path in folder.iterdir() if path.name != "SHA256SUMS")
    lines = [f"{sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in paths]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    write_sums(Path(sys.argv[1]))
