"""What a host gives, for a desk: a clock that stands still, and keys in memory or in files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Optional, Union

from . import _core


class FixedClock(_core.Clock):
    """A clock that moves only when it is told to, for replays and tests."""

    def __init__(self, now_ms: int) -> None:
        self.time_ms = now_ms

    def now_ms(self) -> int:
        return self.time_ms

    def advance(self, milliseconds: int) -> None:
        self.time_ms += milliseconds


class MemoryKeys(_core.KeyCustodian):
    """Keys in memory, gone with the process: for tests of a store in a directory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load(self, name: str) -> Optional[bytes]:
        return self.kept.get(name)

    def store(self, name: str, key: bytes) -> None:
        self.kept[name] = key

    def destroy(self, name: str) -> None:
        self.kept.pop(name, None)


class FileKeys(_core.KeyCustodian):
    """Keys in files that only their owner may read. For development: a phone has a key store, a folder has none."""

    def __init__(self, folder: Union[str, Path]) -> None:
        self._folder = Path(folder)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def load(self, name: str) -> Optional[bytes]:
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError:
            raise _core.HostError.Unavailable() from None

    def store(self, name: str, key: bytes) -> None:
        try:
            new = self._path(name + ".new")
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(key)
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, self._path(name))
            self._sync()
        except OSError:
            raise _core.HostError.Unavailable() from None

    def destroy(self, name: str) -> None:
        try:
            path = self._path(name)
            if path.exists():
                # over the old bytes first: a removed file may be read again from the disk
                with open(path, "r+b") as file:
                    file.write(bytes(32))
                    file.flush()
                    os.fsync(file.fileno())
                path.unlink()
                self._sync()
        except OSError:
            raise _core.HostError.Unavailable() from None

    def _path(self, name: str) -> Path:
        if not all(letter.isalnum() or letter in "._-" for letter in name):
            raise _core.HostError.Refused()
        return self._folder / f"{name}.key"

    def _sync(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
