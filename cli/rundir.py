"""Where a running system keeps its files: the data directory, locked, and a temporary one that is removed at the end.

Owns the two directories and their locks. What lies in them is for others to say.
"""

import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from schemas.errors import StartError

_PREFIX = "shoal-up-"
_YOUNG = 60.0
"""Seconds in which a temporary directory may be without its lock, because it is just being made."""


class RunDirectories:
    """`data` is the data directory or None, `temporary` always there. `lock` is a descriptor that the data's users keep
    open too, so that the directory is in use for as long as any of them lives."""

    def __init__(self, data: str | None) -> None:
        self.data = Path(data) if data else None
        self.lock: int | None = None

    def __enter__(self) -> Self:
        if self.data is not None:
            self.lock = lock_directory(self.data)
        _sweep()
        self.temporary = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._temporary_lock = _open(self.temporary / "lock")
        fcntl.flock(self._temporary_lock, fcntl.LOCK_EX)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        shutil.rmtree(self.temporary, ignore_errors=True)
        os.close(self._temporary_lock)
        if self.lock is not None:
            os.close(self.lock)

    @property
    def kept(self) -> Path:
        """The data directory where there is one, else the temporary one."""
        return self.data or self.temporary

    def claim_state(self, owner: str) -> None:
        """From now on the workers' state is that of `owner`, a broker and namespace: another one's is removed.

        It is but a copy of what that broker keeps, and nonsense beside another's offsets.
        """
        mark = self.kept / "state-of"
        if not mark.exists() or mark.read_text() != owner:
            for state in self.kept.glob("worker-*"):
                shutil.rmtree(state)
            mark.write_text(owner)


def lock_directory(directory: Path) -> int:
    """Makes it and keeps others out for as long as the descriptor that is returned is open.

    Waits a moment for the children of an owner that was killed; raises StartError for a directory in use.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = _open(directory / "lock")
    except OSError as error:
        raise StartError(f"data directory {directory} cannot be used: {error.strerror}") from error
    deadline = time.monotonic() + 3.0
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(lock)
                raise StartError(f"data directory {directory} is in use by another process") from None
            time.sleep(0.1)


def _sweep() -> None:
    """Removes what systems left behind that were killed hard: temporary directories that nobody holds the lock of."""
    for directory in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            if directory.stat().st_uid != os.getuid() or time.time() - directory.stat().st_mtime < _YOUNG:
                continue
            lock = _open(directory / "lock")
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(directory, ignore_errors=True)
        except BlockingIOError:
            continue
        finally:
            os.close(lock)


def _open(lock: Path) -> int:
    return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
