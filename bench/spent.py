"""What was built and measured is put aside, and deleted when all has been measured.

An ext4 that has no journal gives no new file the inode of one that was deleted in the last
minute, or in the last six while the deletion is not on the disk, and looks at each of those again
for every new file (the Linux kernel's fs/ext4/ialloc.c, recently_deleted). Who makes files after
a large tree was deleted pays for that with processor time, which a new container does not.
"""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path

NAME = "spent"


def set_aside(path: Path, folder: Path) -> None:
    """Move a file or a folder, if it is there, into ``spent/`` of another folder."""
    if not path.exists():
        return
    spent = folder / NAME
    spent.mkdir(exist_ok=True)
    free = (spent / f"{number}-{path.name}" for number in count())
    path.rename(next(place for place in free if not place.exists()))


def delete(folder: Path) -> None:
    """Delete what was set aside in a folder."""
    shutil.rmtree(folder / NAME, ignore_errors=True)
