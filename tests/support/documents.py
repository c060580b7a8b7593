"""The documents of a decision, for tests of rules: no Firestore is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studiox.kit.documents import Docs, Stored, encode


def docs_with(stored: Mapping[Any, Stored | Mapping[str, Any]]) -> Docs:
    """A decision's documents, by path: structs, or fields by their stored names. All others do not exist."""
    held = {str(path): encode(each) if isinstance(each, Stored) else each for path, each in stored.items()}
    return Docs(lambda path: held.get(path))
