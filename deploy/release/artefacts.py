"""
Make the files of a release: `python -m deploy.release.artefacts FOLDER`, with what the lock file has installed.

Everything is made from the commit, never from other files of the checkout, with the commit's time. So the same commit
and the same lock give the same bytes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from deploy.release.libraries import direct, libraries
from deploy.release.licences import texts_of
from deploy.release.refusals import git, version_of
from deploy.release.sbom import NAME, sbom
from deploy.release.sums import write_sums

LOCK = "requirements-server.lock"


def make(checkout: Path, folder: Path) -> None:
    """
    Fill `folder`, which is emptied first: wheel, sdist, lock file, SBOM, licences, SHA256SUMS.

    Raises:
        subprocess.CalledProcessError: git or the build fails; `folder` is as it was.
        ValueError: what is installed is not what is locked; `folder` is as it was.
    """
    epoch = int(git(checkout, "log", "-1", "--format=%ct"))
    with tempfile.TemporaryDirectory() as place:
        source, made = Path(place) / "source", Path(place) / "made"
        packed = subprocess.run(["git", "archive", "HEAD"], cwd=checkout, check=True, stdout=subprocess.PIPE).stdout
        source.mkdir()
        subprocess.run(["tar", "--extract", "--directory", source], input=packed, check=True)
        version = version_of(source)
        command = [sys.executable, "-m", "hatchling", "build", "-d", str(made)]
        subprocess.run(command, cwd=source, check=True, env=os.environ | {"SOURCE_DATE_EPOCH": str(epoch)})
        shutil.copyfile(source / LOCK, made / LOCK)
        found = libraries(source)
        bill = json.dumps(sbom(version, epoch, found, direct(source)), indent=1, ensure_ascii=False)
        (made / f"{NAME}-{version}.cdx.json").write_text(bill + "\n", encoding="utf-8")
        own = (source / "LICENSE").read_text(encoding="utf-8")
        (made / f"{NAME}-{version}.licences.txt").write_text(own + texts_of(found), encoding="utf-8")
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
        for path in made.iterdir():
            shutil.copyfile(path, folder / path.name)
    write_sums(folder)


if __name__ == "__main__":
    make(Path.cwd(), Path(sys.argv[1]))
