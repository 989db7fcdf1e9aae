"""Many shoppers at once: columns in, arrays out.

Each shopper gets a visit of their own in one engine in memory; nothing of one is there when the next one comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Iterable, Optional, Sequence, Union

from . import _core
from .hosts import FixedClock
from .recommender import Recommender

if TYPE_CHECKING:
    import numpy

#: Kinds of events that need one item and nothing else.
_KINDS = {
    "view_item": _core.EventKind.VIEW_ITEM,
    "select_item": _core.EventKind.SELECT_ITEM,
    "add_to_cart": _core.EventKind.ADD_TO_CART,
    "remove_from_cart": _core.EventKind.REMOVE_FROM_CART,
    "add_to_wishlist": _core.EventKind.ADD_TO_WISHLIST,
    "remove_from_wishlist": _core.EventKind.REMOVE_FROM_WISHLIST,
    "purchase": _core.EventKind.PURCHASE,
    "refund": _core.EventKind.REFUND,
}


def events_from_columns(
    item_ids: Iterable[Any],
    kinds: Union[str, Iterable[str]] = "view_item",
    timestamps_ms: Optional[Iterable[Any]] = None,
) -> list[_core.Event]:
    """Events out of columns of equal length: lists, numpy arrays, columns of a data frame.

    `kinds` are names such as `view_item` or `purchase`, one for all or one for each; times are milliseconds since 1970-01-01 UTC.
    """
    items = [str(item) for item in item_ids]
    names = [kinds] * len(items) if isinstance(kinds, str) else [str(kind) for kind in kinds]
    times = [None] * len(items) if timestamps_ms is None else [int(time) for time in timestamps_ms]
    if not len(items) == len(names) == len(times):
        raise ValueError("item_ids, kinds and timestamps_ms must have equal lengths")
    unknown = next((name for name in names if name not in _KINDS), None)
    if unknown is not None:
        raise ValueError(f"kinds holds a name that is none of {', '.join(_KINDS)}")
    return [
        _core.Event(kind=_KINDS[name](), item_id=item, timestamp_ms=time)
        for item, name, time in zip(items, names, times)
    ]


@dataclass(frozen=True)
class Answers:
    """The answers for n shoppers, k places each. Where an answer is shorter, ids are empty and scores are NaN."""

    #: Item ids, n by k, of `object`.
    ids: numpy.ndarray
    #: Scores, n by k, of `float64`; they compare within one row.
    scores: numpy.ndarray


def recommend_for_histories(
    histories: Sequence[Sequence[_core.Event]],
    *,
    pack: Optional[str] = None,
    config: Optional[_core.Config] = None,
    items: Sequence[_core.Item] = (),
    request: Optional[_core.Request] = None,
    now_ms: Optional[int] = None,
) -> Answers:
    """One answer for each history, as arrays. Needs numpy.

    `pack` is the path of a model pack and `config` must trust its key; `items` are added over it. `request` is for ten items for the
    shopper, repeatable, by default. The clock stands at `now_ms`, or at the newest event of all histories.
    """
    import numpy

    request = request or _core.Request(kind=_core.RecommendationKind.FOR_YOU(), seed=0)
    times = [event.timestamp_ms for history in histories for event in history if event.timestamp_ms is not None]
    clock = None if now_ms is None and not times else FixedClock(max(times) if now_ms is None else now_ms)
    ids = numpy.full((len(histories), request.count), "", dtype=object)
    scores = numpy.full((len(histories), request.count), numpy.nan)
    with Recommender(config, clock=clock) as shop:
        if pack is not None:
            shop.load_model(str(pack))
        for start in range(0, len(items), 10_000):
            shop.upsert_items(list(items[start : start + 10_000]))
        shop.set_level(_core.PersonalizationLevel.SESSION, _core.Consent(notice_version="replay", surface="replay"))
        for row, history in enumerate(histories):
            shop.replay(history)
            for place, found in enumerate(shop.recommend(request).items):
                ids[row, place] = found.item_id
                scores[row, place] = found.score
            shop.forget(_core.Forget.EVERYTHING())
    return Answers(ids, scores)
