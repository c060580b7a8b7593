"""Writes the search terms of creations that were made before there were any, or by older rules of words."""

from __future__ import annotations

from collections.abc import Sequence

from studiox.kit import log, malformed
from studiox.kit.documents import MalformedDocument
from studiox.kit.errors import Contention, Unavailable
from studiox.kit.query import Found
from studiox.kit.transaction import Docs, Reads, transact
from studiox.models.creations import creation_path
from studiox.models.search_terms import terms_of

from .sweep_store import CreatedMedia

WRITTEN_TOGETHER = 50


def complete(page: Sequence[Found[CreatedMedia]]) -> None:
    """Write the terms of those creations whose terms are not what their words give. The next sweep repeats failures."""
    old = [each.id for each in page if each.data.terms != terms_of(each.data.title, each.data.prompt)]
    for start in range(0, len(old), WRITTEN_TOGETHER):
        try:
            _write(old[start : start + WRITTEN_TOGETHER])
        except (Contention, Unavailable) as error:
            log.warning("terms_not_written", error=type(error).__name__)
            return


def _write(creation_ids: Sequence[str]) -> None:
    paths = [creation_path(id_) for id_ in creation_ids]

    def decide(docs: Docs) -> list[MalformedDocument]:
        broken = []
        for path in paths:
            try:
                creation = docs.get(path)
            except MalformedDocument as error:
                broken.append(error)
                continue
            if creation is not None:
                docs.update(path, terms=terms_of(creation.title, creation.prompt))
        return broken

    for error in transact(paths[0], decide, Reads(fresh=paths)):
        malformed.report(error)
