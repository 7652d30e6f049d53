from __future__ import annotations

from pathlib import Path

import pytest

from autoconfig.errors import SettingsInvalid
from autoconfig.mapping import local_disk
from autoconfig.mapping.local_disk import check_local, kind_of

# As proc_pid_mountinfo(5) has them; one point may be mounted over, and a space is written in octal.
MOUNTS = """\
22 28 0:21 / /proc rw,nosuid shared:14 - proc proc rw
28 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
40 28 0:35 / {0}/nfs rw,relatime shared:7 master:2 - nfs4 server:/export rw,vers=4.2
41 28 0:36 / {0}/cifs rw - cifs //server/share rw
42 28 0:37 / {0}/sshfs rw - fuse.sshfs me@server:/ rw
43 40 254:2 / {0}/nfs/local rw - xfs /dev/vdb rw
44 28 0:38 / {0}/with\\040space rw - 9p host rw
45 28 0:39 / {0}/over rw - ext4 /dev/vdc rw
46 28 0:40 / {0}/over rw - ceph server:/ rw
47 28 0:41 / {0}/overlay rw - overlay overlay rw
48 28 0:42 / {0}/rootless rw - fuse.fuse-overlayfs fuse-overlayfs rw
"""


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with file systems of many kinds below it, as far as the kernel says."""
    (tmp_path / "mounts").write_text(MOUNTS.format(tmp_path))
    monkeypatch.setattr(local_disk, "MOUNTS", tmp_path / "mounts")
    return tmp_path


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("nfs", "nfs4"),
        ("nfs/yet/to/be/made", "nfs4"),
        ("cifs", "cifs"),
        ("sshfs/state", "fuse.sshfs"),
        ("with space/state", "9p"),
        ("over", "ceph"),
        ("link/state", "nfs4"),
    ],
)
def test_network(mounted: Path, folder: str, kind: str) -> None:
    """A folder on a network file system is refused, with its kind and what to do."""
    (mounted / "link").symlink_to(mounted / "nfs")
    with pytest.raises(SettingsInvalid, match="on a disk of this machine") as refused:
        check_local(mounted / folder, "state_dir")

    assert f"state_dir = '{mounted / folder}': is on a network file system ({kind})" in str(refused.value)


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("", "ext4"),
        ("nfs/local/state", "xfs"),
        ("nfs-not", "ext4"),
        ("overlay", "overlay"),
        ("rootless", "fuse.fuse-overlayfs"),
    ],
)
def test_local(mounted: Path, folder: str, kind: str) -> None:
    """A folder on a disk of this machine is taken, also below or beside a network file system."""
    check_local(mounted / folder, "state_dir")

    assert kind_of(mounted / folder) == kind


def test_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel's own table can be read; without one, any folder is accepted."""
    assert kind_of(Path("/proc")) == "proc"
    monkeypatch.setattr(local_disk, "MOUNTS", tmp_path / "none")
    check_local(tmp_path, "state_dir")
