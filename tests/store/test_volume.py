"""Where a database may lie, told from the mounts of Linux."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from plexsync.model.errors import StoreError
from plexsync.store import volume
from plexsync.store.volume import mount_of, mount_table, require_local

TABLE = r"""
22 1 0:20 / / rw,relatime - overlay overlay rw,lowerdir=/l/A:/l/B,upperdir=/u
23 22 0:21 / /proc rw,nosuid - proc proc rw
30 22 8:1 /docker/volumes/data /data rw,relatime shared:1 master:2 - ext4 /dev/sda1 rw
31 22 0:40 / /mnt/nas rw,relatime shared:5 - nfs4 nas:/export rw,vers=4.2,addr=10.0.0.2
32 22 0:41 / /mnt/old rw - nfs nas:/old rw
33 22 0:42 /apps/plexsync /config rw,relatime - cifs //nas/apps rw,username=x
34 22 0:43 / /mnt/with\040a\011space rw - fuse.sshfs me@nas:/ rw,user_id=0
35 22 0:44 / /mnt/back\134slash rw - 9p hostshare rw
36 31 8:2 / /mnt/nas/local rw - xfs /dev/sdb1 rw
37 22 0:45 / /mnt/user rw - fuse.shfs shfs rw
38 22 0:46 / /mnt/pool rw - fuse.mergerfs a:b rw
39 22 0:47 / /mnt/mac rw - fuse.grpcfuse grpcfuse rw
40 22 0:48 / /mnt/vm rw - virtiofs share rw
41 22 0:49 / /mnt/usb rw - fuseblk /dev/sdc1 rw
42 22 0:50 / /mnt/gluster rw - fuse.glusterfs vol rw
43 22 0:51 / /mnt/ceph rw - ceph mon:/ rw
44 22 0:52 / /mnt/lustre rw - lustre mgs:/fs rw
45 22 0:53 / /mnt/dav rw - fuse https://dav rw
46 22 0:54 / /mnt/twice rw - ext4 /dev/sdd1 rw
47 46 0:55 / /mnt/twice rw - smb3 //nas/twice rw
48 22 0:56 / /mnt/once rw - smb3 //nas/once rw
49 48 0:57 / /mnt/once rw - btrfs /dev/sde rw
this line is none
"""


@pytest.mark.parametrize(
    ("folder", "kind", "remote"),
    [
        ("/srv/plexsync", "overlay", False),
        ("/data/plexsync", "ext4", False),
        ("/data", "ext4", False),
        ("/database", "overlay", False),
        ("/mnt/nas/plexsync", "nfs4", True),
        ("/mnt/nas/local/plexsync", "xfs", False),
        ("/mnt/nas/locals", "nfs4", True),
        ("/mnt/old", "nfs", True),
        ("/config", "cifs", True),
        ("/mnt/with a\tspace/x", "fuse.sshfs", True),
        ("/mnt/back\\slash", "9p", True),
        ("/mnt/user/appdata", "fuse.shfs", False),
        ("/mnt/pool/x", "fuse.mergerfs", False),
        ("/mnt/mac/x", "fuse.grpcfuse", True),
        ("/mnt/vm/x", "virtiofs", False),
        ("/mnt/usb/x", "fuseblk", False),
        ("/mnt/gluster/x", "fuse.glusterfs", True),
        ("/mnt/ceph/x", "ceph", True),
        ("/mnt/lustre/x", "lustre", True),
        ("/mnt/twice/x", "smb3", True),
        ("/mnt/once/x", "btrfs", False),
    ],
)
def test_the_longest_and_latest_mount_says_whether_a_folder_is_of_this_machine(
    folder: str, kind: str, remote: bool
) -> None:
    mount = mount_of(Path(folder), TABLE)
    assert mount is not None
    assert (mount.kind, mount.remote) == (kind, remote)


def test_a_database_behind_a_network_is_refused_with_what_to_do_instead() -> None:
    with pytest.raises(StoreError) as refused:
        require_local(Path("/mnt/nas/plexsync/plexsync.db"), TABLE)
    for word in ("/mnt/nas/plexsync/plexsync.db", "nfs4", "/mnt/nas", "data_dir", "store_url", "PostgreSQL"):
        assert word in str(refused.value)


def test_a_link_to_a_network_file_system_is_followed(tmp_path: Path) -> None:
    (tmp_path / "near").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "near")
    table = f"{TABLE}\n50 22 0:58 / {tmp_path / 'near'} rw - nfs nas:/x rw"
    with pytest.raises(StoreError, match="network file system"):
        require_local(tmp_path / "link" / "plexsync.db", table)
    require_local(tmp_path / "plexsync.db", table)


def test_where_the_mounts_are_not_told_nothing_is_refused() -> None:
    require_local(Path("/mnt/nas/plexsync.db"), None)
    require_local(Path("/mnt/nas/plexsync.db"), "")


def test_a_system_without_the_table_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(volume, "_MOUNT_TABLE", tmp_path / "mountinfo")
    assert mount_table() is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells its mounts this way")
def test_this_machine_tells_its_mounts(tmp_path: Path) -> None:
    table = mount_table()
    assert table is not None
    assert mount_of(tmp_path.resolve(), table) is not None
