"""Tell whether a folder is on a local disk: SQLite's WAL needs memory shared by all processes that use the file."""

from __future__ import annotations

import os
import re
from pathlib import Path

from autoconfig.errors import SettingsInvalid

MOUNTS = Path("/proc/self/mountinfo")

REMOTE = re.compile(
    r"nfs[0-9]*|cifs|smb[a-z0-9]*|ncpfs|ceph|9p|afs|coda|lustre|gpfs|beegfs|ocfs2|gfs2?|orangefs|pvfs2|glusterfs|davfs"
    r"|fuse\.(sshfs|glusterfs|ceph|ceph-fuse|s3fs|rclone|davfs2?|juicefs|moosefs|mfs|lizardfs|gcsfuse|goofys|cifs|nfs"
    r"|smbnetfs|curlftpfs|seaweedfs|weed|alluxio.*)"
)
"""The kernel's names of file systems whose files other machines may use too."""


def check_local(folder: Path, setting: str) -> None:
    """
    Check that a folder, which need not exist yet, is on a local disk. Errors name `setting`.

    Raises:
        SettingsInvalid: the folder is on a network file system.
    """
    kind = kind_of(folder)
    if REMOTE.fullmatch(kind):
        raise SettingsInvalid(
            f"{setting} = {str(folder)!r}: is on a network file system ({kind}), where the local copy of the database "
            f"cannot be kept safely; name a folder on a disk of this machine"
        )


def kind_of(folder: Path) -> str:
    """The type of the file system that a folder is on; empty if the kernel does not tell."""
    real, found, kind = Path(os.path.realpath(folder)), -1, ""
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    for line in lines:  # proc_pid_mountinfo(5): the fifth field is the mount point, and " - " comes before the type
        before, _, after = line.partition(" - ")
        point = Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), before.split(" ")[4]))
        if len(point.parts) >= found and real.is_relative_to(point):  # a later mount hides an earlier one
            found, kind = len(point.parts), after.split(" ")[0]
    return kind
