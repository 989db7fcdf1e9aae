"""The one object, as Python people expect it."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Iterable, Optional, Union

from . import _core

#: Most events of one call of the engine.
_EVENTS_PER_CALL = 1_000


def read_key(path: Union[str, Path]) -> str:
    """The public key in a minisign file, for `Config.model_keys`."""
    return Path(path).read_text("ascii")


class Recommender(_core.Recommender):
    """The engine: a shopper's history and the shop's model, and recommendations from both.

    `with Recommender(...) as shop:` closes it at the end. Without `directory` and `keys` everything is in memory. `clock` and
    `random` are for replays and tests; without them the system's are used.

    Raises `TastekeeperError.InvalidArgument` for the configuration, `KeyUnavailable` when the custodian cannot be reached, and
    `StorageUnavailable` when files cannot be read.
    """

    def __init__(
        self,
        config: Optional[_core.Config] = None,
        *,
        directory: Union[str, Path, None] = None,
        keys: Optional[_core.KeyCustodian] = None,
        clock: Optional[_core.Clock] = None,
        random: Optional[_core.SecureRandom] = None,
    ) -> None:
        folder = None if directory is None else str(directory)
        opened = _core.Recommender.open(config or _core.Config(), folder, keys, clock, random)
        # the library's object, under our class; the one that brought it must not free it
        self._handle, opened._handle = opened._handle, None

    def __enter__(self) -> Recommender:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return "Recommender(..)"

    def replay(self, events: Iterable[_core.Event]) -> list[_core.Tracked]:
        """Tracks any number of events, 1 000 in a call, and says what became of each.

        An error stops it; the calls before the one that failed have been taken.
        """
        events, outcomes = iter(events), []
        while chunk := list(islice(events, _EVENTS_PER_CALL)):
            outcomes += self.track_all(chunk)
        return outcomes
