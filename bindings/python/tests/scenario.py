"""Runs one of the shared scenarios through the package. `tests/scenarios/README.md` describes their form."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import tastekeeper as tk

FOLDER = Path(__file__).resolve().parents[3] / "tests" / "scenarios"
FILES = FOLDER / "files"
MASK = 2**64 - 1


class CountedRandom(tk.SecureRandom):
    """SplitMix64, as the README of the scenarios has it."""

    def __init__(self, seed):
        self.state = seed

    def bytes(self, count):
        made = b""
        while len(made) < count:
            self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
            mixed = self.state
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 & MASK
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB & MASK
            made += (mixed ^ (mixed >> 31)).to_bytes(8, "little")
        return made[:count]


def fnv(content):
    digest = 0xCBF29CE484222325
    for byte in content:
        digest = (digest ^ byte) * 0x100000001B3 & MASK
    return f"{digest:016x}"


def digest_of(folder):
    content = b""
    for path in sorted(folder.iterdir(), key=lambda path: path.name.encode()):
        content += path.name.encode() + b"\0" + path.read_bytes()
    return fnv(content)


# -- from JSON to records ------------------------------------------------------------------------------------------------


def plain(enum, name):
    return enum[name.upper()]


def with_fields(fields, given, **extra):
    """Arguments of a record: what is given, with the fields that need it converted."""
    return {name: fields.get(name, lambda value: value)(value) for name, value in given.items()} | extra


def config(given):
    fields = {
        "model_keys": lambda _: [tk.read_key(FILES / "shop.pub")],
        "event_durability": lambda name: plain(tk.Durability, name),
        "max_level": lambda name: plain(tk.PersonalizationLevel, name),
    }
    return tk.Config(**with_fields(fields, given))


def consent(given):
    return None if given is None else tk.Consent(**given)


def item(given):
    return tk.Item(**with_fields({"availability": lambda name: plain(tk.Availability, name)}, given))


def patch(given):
    return tk.ItemPatch(**with_fields({"availability": lambda name: plain(tk.Availability, name)}, given))


def subject(given):
    ((name, value),) = given.items()
    return getattr(tk.Subject, name.upper())(value)


def event(given):
    given = dict(given)
    kind = getattr(tk.EventKind, given.pop("kind").upper())
    rating, about = given.pop("rating", None), given.pop("subject", None)
    data = [value for value in (rating, about and subject(about)) if value is not None]
    return tk.Event(kind=kind(*data), **given)


def filter_(given):
    ((name, value),) = given.items()
    make = getattr(tk.Filter, name.upper())
    if name in ("all", "any"):
        return make([filter_(one) for one in value])
    if name == "not":
        return make(filter_(value))
    if name == "price":
        return make(value.get("min"), value.get("max"))
    if name == "availability":
        return make([plain(tk.Availability, one) for one in value])
    if name == "attribute_in":
        return make(value["key"], value["values"])
    if name == "same_as_context_item":
        return make(plain(tk.SameAs, value))
    return make(value)


def request(given):
    given = dict(given)
    name = given.pop("kind")
    make = getattr(tk.RecommendationKind, name.upper())
    if name == "related_to":
        kind = make(given.pop("item"))
    elif name == "bought_with":
        kind = make(given.pop("items"))
    elif name in ("trending", "new_arrivals"):
        kind = make(given.pop("category", None))
    else:
        kind = make()
    fields = {
        "context": lambda value: tk.Context(**value),
        "filter": filter_,
        "boosts": lambda list: [tk.Boost(filter=filter_(one["filter"]), weight=one["weight"]) for one in list],
        "pins": lambda list: [tk.Pin(**one) for one in list],
        "min_relevance": lambda name: plain(tk.MinRelevance, name),
        "retrieval": lambda name: plain(tk.Retrieval, name),
        "seed": int,
    }
    return tk.Request(**with_fields(fields, given, kind=kind))


def scope(given):
    if given == "everything":
        return tk.Forget.EVERYTHING()
    ((name, value),) = given.items()
    return getattr(tk.Forget, name.upper())(int(value) if name == "event" else value)


def signals(given):
    def value(found):
        if isinstance(found, bool):
            return tk.SignalValue.FLAG(found)
        return tk.SignalValue.TEXT(found) if isinstance(found, str) else tk.SignalValue.INTEGER(found)

    return {key: value(found) for key, found in given.items()}


# -- from records to JSON ------------------------------------------------------------------------------------------------


def bits(number):
    return struct.pack(">d", number).hex()


def short_bits(number):
    return None if number is None else struct.pack(">f", number).hex()


def name_of(value):
    """The name of a plain enum's member, or of a variant with data."""
    return (value.name if hasattr(value, "name") and hasattr(value, "value") else type(value).__name__.split(".")[-1]).lower()


def named(value):
    """A variant's name and what it names."""
    return " ".join([name_of(value), *vars(value).values()])


def optional(show, value):
    return None if value is None else show(value)


def show_tracked(tracked):
    return name_of(tracked.reason) if isinstance(tracked, tk.Tracked.IGNORED) else name_of(tracked)


def show_answer(answer):
    items = [
        {
            "item_id": item.item_id,
            "score": bits(item.score),
            "position": item.position,
            "source": name_of(item.source),
            "reasons": [named(reason) for reason in item.reasons],
        }
        for item in answer.items
    ]
    return {"recommendation_id": answer.recommendation_id, "items": items}


def show_explanation(explanation):
    parts = [[optional(named, part.reason), name_of(part.via), bits(part.amount)] for part in explanation.parts]
    return {"score": bits(explanation.score), "parts": parts}


def show_state(state):
    if isinstance(state, tk.ConsentState.GRANTED):
        return {"granted": name_of(state.level), "expires_ms": state.expires_ms}
    return name_of(state)


def show_receipt(receipt):
    asked = receipt.consent
    return {
        "level": name_of(receipt.level),
        "origin": name_of(receipt.origin),
        "time_ms": receipt.time_ms,
        "expires_ms": receipt.expires_ms,
        "notice_version": asked and asked.notice_version,
        "notice_hash": asked and asked.notice_hash and asked.notice_hash.hex(),
        "chain": receipt.chain.hex(),
        "seal": receipt.seal and receipt.seal.hex(),
    }


def show_entry(entry):
    return {
        "event": str(entry.event),
        "time_ms": entry.time_ms,
        "action": name_of(entry.action),
        "items": entry.items,
        "text": entry.text,
        "quantity": entry.quantity,
        "rating": short_bits(entry.rating),
        "event_id": entry.event_id,
        "learned": entry.learned,
    }


def show_profile(found):
    return {
        "events": found.events,
        "categories": [[share.name, bits(share.share)] for share in found.categories],
        "brands": [[share.name, bits(share.share)] for share in found.brands],
        "cart": [[item.item_id, item.quantity] for item in found.cart],
        "wishlist": found.wishlist,
        "purchases": found.purchases,
        "bad_ratings": [[bad.item_id, short_bits(bad.strength)] for bad in found.bad_ratings],
        "not_interested": [named(subject) for subject in found.not_interested],
        "interests": {category: name_of(interest) for category, interest in found.interests.items()},
    }


def show_model(info):
    return {
        "model_id": info.model_id,
        "pack_version": str(info.pack_version),
        "items": info.items,
        "dim": info.dim,
        "attributes": info.attributes,
        "key_id": info.key_id.hex(),
        "digest": info.digest.hex(),
    }


def show_stats(stats):
    return {
        "events": stats.events,
        "unknown_items": stats.unknown_items,
        "catalogue_items": stats.catalogue_items,
        "items": stats.items,
        "history_bytes": stats.history_bytes,
        "catalogue_bytes": stats.catalogue_bytes,
        "model_id": stats.model and stats.model.model_id,
        "hits": [[hits.kind, name_of(hits.level), hits.given, hits.chosen] for hits in stats.hits],
    }


def show_finding(finding):
    if isinstance(finding, tk.Finding.STORE):
        return f"store {finding.log} {name_of(finding.finding)}"
    return name_of(finding)


def show_topics(topics):
    return [[topic.topic, topic.label] for topic in topics]


def show_report(report):
    return {"id": report.id, "bytes": report.bytes.hex()}


def show_preview(preview):
    odds = lambda odds: [odds.numerator, odds.denominator]
    return {
        "report": show_report(preview.report),
        "topics": show_topics(preview.topics),
        "true_topic_odds": odds(preview.true_topic_odds),
        "other_topic_odds": odds(preview.other_topic_odds),
        "ratio": preview.ratio,
        "cost_units": preview.cost_units,
        "units_left": preview.units_left,
        "state": name_of(preview.state),
        "plain_text": preview.plain_text,
    }


def show_log_entry(entry):
    return {
        "id": entry.id,
        "epoch_start_ms": entry.epoch_start_ms,
        "cost_units": entry.cost_units,
        "state": name_of(entry.state),
        "bytes": entry.bytes and entry.bytes.hex(),
        "topics": show_topics(entry.topics),
    }


def show_contents(contents):
    profiles = [
        {
            "number": profile.number,
            "chosen": name_of(profile.chosen),
            "in_force": name_of(profile.in_force),
            "consent": show_state(profile.consent),
            "receipts": len(profile.receipts),
            "receipts_hold": profile.receipts_hold,
            "events": profile.history and profile.history.events,
            "interests": profile.history and profile.history.interests,
            "oldest_ms": profile.history and profile.history.oldest_ms,
        }
        for profile in contents.profiles
    ]
    return {"profiles": profiles, "is_stopped": contents.is_stopped, "reports": len(contents.reports)}


# -- steps ---------------------------------------------------------------------------------------------------------------


def same(value):
    return value


def listed(show):
    return lambda list: [show(one) for one in list]


#: For each call: how its arguments are read, in their order, and how its answer is shown.
CALLS = {
    "close": ({}, same),
    "track": ({"event": event}, show_tracked),
    "track_all": ({"events": listed(event)}, listed(show_tracked)),
    "upsert_items": ({"items": listed(item)}, same),
    "patch_items": ({"patches": listed(patch)}, same),
    "remove_items": ({"ids": same}, same),
    "load_model": ({"file": lambda name: str(FILES / name)}, show_model),
    "load_vocabulary": (
        {"file": lambda name: (FILES / name).read_bytes(), "signature": lambda name: (FILES / name).read_text()},
        same,
    ),
    "recommend": ({"request": request}, show_answer),
    "recommend_next": ({"recommendation_id": same, "count": same}, show_answer),
    "rerank": ({"item_ids": same, "context": lambda given: given and tk.Context(**given)}, show_answer),
    "recommend_categories": ({"count": same}, listed(lambda one: [one.category, bits(one.score), name_of(one.source)])),
    "explain": ({"recommendation_id": same, "item_id": same}, show_explanation),
    "level": ({}, name_of),
    "set_level": ({"level": lambda name: plain(tk.PersonalizationLevel, name), "consent": consent}, same),
    "consent_state": ({}, show_state),
    "receipts": ({}, listed(show_receipt)),
    "export_receipts": ({}, lambda document: fnv(document.encode())),
    "owns_receipts": ({"document": same}, same),
    "set_protected": ({"on": same}, same),
    "apply_cmp_signals": (
        {"pairs": signals, "policy": lambda given: tk.CmpPolicy(**(given or {}))},
        lambda outcome: {
            "cap": optional(name_of, outcome.cap),
            "sentences": [decision.sentence for decision in outcome.decisions],
        },
    ),
    "set_kill_switch": ({"on": same}, same),
    "pause": ({"on": same}, same),
    "set_interest": ({"category": same, "interest": lambda name: plain(tk.Interest, name)}, same),
    "profile": ({}, show_profile),
    "history": ({"limit": same, "before_ms": same}, listed(show_entry)),
    "forget": ({"scope": scope}, same),
    "set_learning": ({"scope": scope, "on": same}, same),
    "set_private_session": ({"on": same}, same),
    "is_private_session": ({}, same),
    "export_data": ({}, json.loads),
    "export_transfer": ({"passphrase": same}, fnv),
    "import_transfer": (
        {"sealed": bytes.fromhex, "passphrase": same},
        lambda found: {"events": found.events, "left_out": found.left_out, "interests": found.interests},
    ),
    "profiles": ({}, same),
    "switch_profile": ({"name": same}, same),
    "merge_profile": ({"source": same}, same),
    "delete_profile": ({"name": same}, same),
    "preview_report": ({}, show_preview),
    "pending_report": ({}, lambda report: optional(show_report, report)),
    "confirm_sent": ({"id": same}, same),
    "report_log": ({}, listed(show_log_entry)),
    "set_guarded_topics": ({"on": same, "consent": consent}, same),
    "stats": ({}, show_stats),
    "doctor": ({}, listed(show_finding)),
    "warm_up": ({}, same),
}

#: What `save` keeps of an answer.
SAVES = {
    "recommend": lambda answer: answer.recommendation_id,
    "history": lambda entries: str(entries[0].event),
    "pending_report": lambda report: report.id,
    "export_receipts": same,
    "export_transfer": lambda sealed: sealed.hex(),
}


class Run:
    """One scenario under way. `directory` is a folder of its own, for scenarios that need one."""

    def __init__(self, scenario, directory):
        self.config = config(scenario["config"])
        self.clock = tk.FixedClock(scenario["start_ms"])
        self.random = CountedRandom(scenario["seed"])
        self.directory = directory if scenario["directory"] else None
        self.keys = tk.MemoryKeys() if scenario["directory"] else None
        self.shop = None
        self.saved = {}

    def open(self):
        self.shop = None
        self.shop = tk.Recommender(
            self.config, directory=self.directory, keys=self.keys, clock=self.clock, random=self.random
        )

    def resolve(self, value):
        if isinstance(value, str) and value.startswith("@"):
            return self.saved[value[1:]]
        if isinstance(value, list):
            return [self.resolve(one) for one in value]
        if isinstance(value, dict):
            return {name: self.resolve(one) for name, one in value.items()}
        return value

    def answer(self, step):
        do = step["do"]
        if do in ("open", "reopen"):
            return self.open()
        if do == "advance":
            return self.clock.advance(step["milliseconds"])
        if do == "files":
            return digest_of(self.directory)
        if do == "reset":
            self.shop = None
            return tk.reset_store(str(self.directory), self.keys)
        if do == "inspect":
            self.shop = None
            return show_contents(tk.inspect_store(str(self.directory), self.keys, self.clock))
        reads, show = CALLS[do]
        unknown = set(step) - set(reads) - {"do", "save", "gives", "fails"}
        assert not unknown, f"unknown fields {unknown}"
        given = self.resolve({name: step.get(name) for name in reads})
        answer = getattr(self.shop, do)(*(read(given[name]) for name, read in reads.items()))
        if "save" in step:
            self.saved[step["save"]] = SAVES[do](answer)
        return show(answer)

    def step(self, step):
        """What the step gave, in the form of the step's own expectation."""
        try:
            answer = self.answer(step)
        except tk.TastekeeperError as error:
            return {"fails": [type(error).__name__.split(".")[-1], str(error)]}
        return {} if answer is None else {"gives": answer}


def expected(step):
    return {name: step[name] for name in ("gives", "fails") if name in step}
