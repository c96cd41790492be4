"""Where a SQLite database may lie: on a disk of this machine, not behind a network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from plexsync.model.errors import StoreError

#: File systems whose files are kept by another machine, or handed through by the host of a virtual one: locks and
#: shared memory, which SQLite relies on, stop at this machine or are not there at all. virtiofs is not among them: the
#: one kernel that mounts it keeps both. Nor are the local kinds of FUSE, such as mergerfs, shfs and fuse-overlayfs.
_REMOTE = frozenset(
    {
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "davfs",
        "drvfs",
        "glusterfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "orangefs",
        "osxfs",
        "prl_fs",
        "pvfs2",
        "smb3",
        "smbfs",
        "sshfs",
        "vboxsf",
        "vmhgfs",
    }
)
#: The same where FUSE mounts them, by what stands behind "fuse.".
_REMOTE_FUSE = frozenset(
    {
        "afpfs",
        "blobfuse",
        "blobfuse2",
        "ceph",
        "ceph-fuse",
        "curlftpfs",
        "davfs",
        "davfs2",
        "gcsfuse",
        "glusterfs",
        "goofys",
        "google-drive-ocamlfuse",
        "grpcfuse",
        "gvfsd-fuse",
        "juicefs",
        "mfs",
        "osxfs",
        "rclone",
        "s3fs",
        "seaweedfs",
        "smbnetfs",
        "sshfs",
        "vmhgfs-fuse",
    }
)
_MOUNT_TABLE = Path("/proc/self/mountinfo")
_ESCAPE = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A file system and the folder in which it is seen."""

    point: Path
    kind: str

    @property
    def remote(self) -> bool:
        """Whether its files are kept elsewhere."""
        front, _, name = self.kind.partition(".")
        return name in _REMOTE_FUSE if front == "fuse" else self.kind in _REMOTE


def mount_table() -> str | None:
    """The mounts of this machine as Linux tells them; None on systems that do not."""
    try:
        return _MOUNT_TABLE.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None


def mount_of(path: Path, table: str) -> Mount | None:
    """The mount that holds a path without links. Of two at one place the later hides the earlier."""
    found: Mount | None = None
    for mount in map(_mount, table.splitlines()):
        if mount is None or not path.is_relative_to(mount.point):
            continue
        if found is None or mount.point.is_relative_to(found.point):
            found = mount
    return found


def require_local(database: Path, table: str | None) -> None:
    """StoreError when that SQLite file would lie on a network file system. Without a table nothing is known."""
    if table is None:
        return
    mount = mount_of(database.parent.resolve(), table)
    if mount is not None and mount.remote:
        raise StoreError(
            f"The database {database} lies on a network file system ({mount.kind} at {mount.point}), where SQLite "
            "loses data: choose a data_dir on a disk of this machine, or keep the store in PostgreSQL "
            '(store_url = "postgresql://...")'
        )


def _mount(line: str) -> Mount | None:
    """`id parent device root point options [tags...] - kind source more`, with \\040 for a space in names."""
    front, dash, back = line.partition(" - ")
    fields, kinds = front.split(" "), back.split(" ")
    if not dash or len(fields) < 6:
        return None
    return Mount(point=Path(_ESCAPE.sub(lambda match: chr(int(match[1], 8)), fields[4])), kind=kinds[0])
