"""On-device personalisation for Python: the engine of the phones, for data scientists and for tests.

Everything an app can do is here, with the same answers to the last bit. `Recommender` is the one object; all else is plain records.
"""

from . import _core
from ._core import *  # noqa: F401,F403 - the records, enums, errors and functions of the library
from .batch import Answers, events_from_columns, recommend_for_histories
from .hosts import FileKeys, FixedClock, MemoryKeys
from .reasons import reason_code, why
from .recommender import Recommender, read_key

__version__ = "0.1.0"

# in a form that type checkers read
__all__ = [
    "Answers",
    "FileKeys",
    "FixedClock",
    "MemoryKeys",
    "Recommender",
    "events_from_columns",
    "read_key",
    "reason_code",
    "recommend_for_histories",
    "why",
]
__all__ += _core.__all__
