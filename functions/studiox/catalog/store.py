"""Reads the catalogue: the bundled defaults, and the Firestore documents that override or add to them.

Overrides are `models/{id}`, `styles/{id}`, `colors/{id}`, `sizes/{id}` and `features/{id}`, each cached for 60 s. A
`/` in a model's id is written as `~` in its document's name, because a document's name cannot contain one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from studiox.integrations.providers import specs
from studiox.kit import firestore, ids, log, query, structs
from studiox.kit.cache import MINUTE_S, UNKNOWN, Cache
from studiox.kit.documents import Collection, Data, Path
from studiox.kit.errors import NOT_OFFERED, InvalidRequest, NotFound
from studiox.kit.process import per_process
from studiox.kit.transaction import Docs
from studiox.models.catalog import COLORS, FEATURES, MODELS, SIZES, STYLES, Choice, Feature, Model, Size

from . import defaults, overrides
from .catalog import check_model

MAX_ENTRIES = 500

COLLECTIONS: dict[str, Collection[Any]] = {str(each): each for each in (MODELS, STYLES, COLORS, SIZES, FEATURES)}

Catalogue = tuple[list[Model], dict[str, list[Data]]]


def _bundled() -> dict[str, Data]:
    """{collection/id: entry} of the defaults, in the form of their documents."""
    entries: dict[str, Data] = {f"{MODELS}/{model.id}": msgspec.to_builtins(model) for model in defaults.MODELS}
    for name, listed in ((STYLES, defaults.STYLES), (COLORS, defaults.COLORS)):
        entries |= {f"{name}/{id_}": msgspec.to_builtins(Choice(id=id_, label=id_)) for id_ in listed}
    for id_, tokens in defaults.SIZES.items():
        width, height = (int(side) for side in id_.split("x"))
        size = Size(id=id_, label=id_, width=width, height=height, tokens=tokens)
        entries[f"{SIZES}/{id_}"] = msgspec.to_builtins(size)
    entries |= {f"{FEATURES}/{feature.id}": msgspec.to_builtins(feature) for feature in defaults.FEATURES}
    return entries


_BUNDLED = _bundled()
firestore.KEPT_FOR_A_MINUTE.update(COLLECTIONS)


@per_process
def _offered() -> Cache[Catalogue]:
    """The whole catalogue on offer."""
    return Cache(1, ttl_s=MINUTE_S)


def path_of(key: str) -> Path[Any]:
    """The document path of the entry `collection/id`."""
    collection, _, name = key.partition("/")
    return COLLECTIONS[collection].document(name.replace("/", "~"))


def stale(keys: Iterable[str]) -> list[str]:
    """The documents of these entries that are not cached, to be read before the entries are used."""
    return firestore.kept_for_a_minute().missing(path_of(key) for key in keys if _has_document(key))


def _has_document(key: str) -> bool:
    """Whether the key is a valid document name. A caller can send any text as a style, such as `..` (faults C18)."""
    return ids.is_segment(path_of(key).id)


def find(docs: Docs, key: str) -> Data | None:
    """The entry, from the cache or this decision's documents; None if it is not on offer."""
    if not _has_document(key):
        return None
    override = firestore.kept_for_a_minute().get(path_of(key))
    return _merged(key, docs.fields(path_of(key)) if override is UNKNOWN else override)


def _merged(key: str, override: Data | None) -> Data | None:
    """The bundled entry merged with the override's fields; None if neither exists or the entry is disabled."""
    if override is None and key not in _BUNDLED:
        return None
    entry = _laid_over(key, override)
    return entry if entry.get("enabled", True) else None


def _laid_over(key: str, override: Data | None) -> Data:
    return {"id": key.partition("/")[2], **_BUNDLED.get(key, {}), **(override or {})}


def find_model(docs: Docs, model_id: str) -> Model:
    """The model, from the cache or this decision's documents. `InvalidRequest` if the catalogue does not offer it."""
    model = _as_model(find(docs, f"{MODELS}/{model_id}"))
    if model is None:
        raise InvalidRequest(fields={"model": NOT_OFFERED})
    return model


def find_feature(docs: Docs, feature_id: str) -> Feature:
    """The feature that `useTokens` pays for. `InvalidRequest` if the catalogue does not offer it."""
    entry = find(docs, f"{FEATURES}/{feature_id}")
    try:
        if entry is not None:
            return structs.convert(entry, Feature)
    except msgspec.ValidationError as error:
        log.alert("catalogue_entry_broken", feature=feature_id, error=str(error))
    raise InvalidRequest(fields={"feature": NOT_OFFERED})


def _as_model(entry: Data | None) -> Model | None:
    """The entry as a model; None if it is not on offer, or, with an alert, if it is malformed."""
    if entry is None:
        return None
    try:
        model = _checked(entry)
    except (msgspec.ValidationError, ValueError) as error:
        log.alert("catalogue_entry_broken", model=entry.get("id"), error=str(error))
        return None
    return model if specs.PROVIDERS[model.provider].offered else None


def _checked(entry: Data) -> Model:
    """The entry as a model. ValueError or msgspec.ValidationError if it cannot be ordered."""
    model = structs.convert(entry, Model)
    check_model(model)
    if model.provider not in specs.PROVIDERS:
        raise ValueError(f"no provider is called {model.provider[:64]}")
    return model


def check_entry(key: str, override: Data) -> None:
    """ValueError or msgspec.ValidationError if this override would make its entry invalid. A disabled one may be."""
    entry = _merged(key, override)
    if entry is not None:
        _as_offered(key, entry)


def _as_offered(key: str, entry: Data) -> Any:
    """The entry's struct. ValueError or msgspec.ValidationError."""
    collection = key.partition("/")[0]
    return _checked(entry) if collection == MODELS else structs.convert(entry, COLLECTIONS[collection].struct)


class Entry(NamedTuple):
    """An entry as an administrator sees it."""

    key: str
    """`collection/id`"""
    fields: Data
    """The bundled fields with those of the override, also of a disabled entry."""
    override: Data
    offered: Any
    """Its struct; None if it is invalid."""
    problem: str
    """Why it is invalid; empty otherwise."""

    @property
    def enabled(self) -> bool:
        return bool(self.fields.get("enabled", True))


def entries() -> list[Entry]:
    """Every entry, bundled ones first, read anew. Five queries. `Unavailable`."""
    held = _read_all()
    return [_entry(key, held[key]) for key in dict.fromkeys([*_BUNDLED, *sorted(held)])]


def _entry(key: str, override: Data | None) -> Entry:
    fields = _laid_over(key, override)
    try:
        return Entry(key, fields, override or {}, _as_offered(key, fields), "")
    except (msgspec.ValidationError, ValueError) as error:
        return Entry(key, fields, override or {}, None, str(error))


def changeable_path(key: str) -> Path[Any]:
    """The document of the entry, which need not exist. `NotFound` if no entry can have this name."""
    if not _has_document(key):
        raise NotFound
    return path_of(key)


def change(docs: Docs, key: str, changes: Mapping[str, Any]) -> Entry:
    """Change fields of the entry's override, and return the entry. `NotFound`, `InvalidRequest`.

    Other fields of the override stay. An override without fields is deleted. A change takes effect within a minute.
    """
    path = path_of(key)
    before = docs.fields(path)
    if before is None and key not in _BUNDLED:
        raise NotFound
    after = overrides.changed(before or {}, changes)
    entry = _entry(key, after)
    if entry.problem and not overrides.only_switches_off(changes):
        raise InvalidRequest(fields={"changes": entry.problem})
    if after:
        docs.put_fields(path, after)
    else:
        docs.delete(path)
    return entry


def everything() -> Catalogue:
    """All models on offer, and the other collections' entries. Each process caches them for 60 s. `Unavailable`."""
    kept = _offered().get("")
    if kept is not UNKNOWN:
        return kept
    overrides = _read_all()
    keys = list(dict.fromkeys([*_BUNDLED, *sorted(overrides)]))
    entries = {key: entry for key in keys if (entry := _merged(key, overrides.get(key))) is not None}
    models = [_as_model(entry) for key, entry in entries.items() if key.startswith(f"{MODELS}/")]
    others = {
        name: [entry for key, entry in entries.items() if key.startswith(f"{name}/")]
        for name in COLLECTIONS
        if name != MODELS
    }
    found = ([model for model in models if model is not None], others)
    firestore.kept_for_a_minute().update({path_of(key): override for key, override in overrides.items()})
    _offered().put("", found)
    return found


def _read_all() -> dict[str, Data | None]:
    found: dict[str, Data | None] = dict.fromkeys(_BUNDLED)
    for name, collection in COLLECTIONS.items():
        for each in query.fields(collection, limit=MAX_ENTRIES):
            found[f"{name}/{each.id.replace('~', '/')}"] = each.data
    return found
