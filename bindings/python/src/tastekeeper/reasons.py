"""Reasons as codes to translate, and as English sentences."""

from __future__ import annotations

from typing import Callable, Optional

from . import _core

_SENTENCES = {
    "viewed": "Because you looked at {}",
    "bought": "Because you bought {}",
    "in_cart": "Goes with {} in your cart",
    "likes_category": "Because you like {}",
    "likes_brand": "Because you like {}",
    "similar_to": "Similar to {}",
    "bought_together_with": "Often bought with {}",
    "popular": "Popular in this shop",
    "new": "New in this shop",
    "promoted": "Promoted by this shop",
    "exploration": "Something new for you",
}


def reason_code(reason: _core.Reason) -> tuple[str, Optional[str]]:
    """The code of a reason, such as `viewed`, and what it names: an item, category or brand, or nothing."""
    code = type(reason).__name__.split(".")[-1].lower()
    if code not in _SENTENCES:
        raise ValueError("a reason of Tastekeeper is needed")
    return code, next(iter(vars(reason).values()), None)


def why(reason: _core.Reason, title: Callable[[str], str] = str) -> str:
    """The reason as an English sentence. `title` makes what a shopper reads out of an id."""
    code, subject = reason_code(reason)
    return _SENTENCES[code].format(title(subject) if subject is not None else "")
