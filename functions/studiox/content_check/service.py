"""Lets the chosen moderator judge content, and refuses what it rejects. Nothing of the content is stored or logged."""

from __future__ import annotations

from studiox.integrations.moderation.openai import OpenAiModerator
from studiox.integrations.moderation.protocol import Away, Content, Moderator, Verdict
from studiox.integrations.moderation.words import InvalidList, WordList
from studiox.integrations.providers import specs
from studiox.kit import clock, config, log
from studiox.kit.audit import Actor, System
from studiox.kit.cache import MINUTE_S, UNKNOWN, Cache
from studiox.kit.documents import MalformedDocument
from studiox.kit.errors import Contention, StudioxError, Unavailable
from studiox.kit.process import per_process
from studiox.kit.transaction import Docs, Reads
from studiox.media import objects
from studiox.models import moderation as records
from studiox.models.ratings import Rating

ADDRESS_S = 300
"""How long the address of a picture is valid that the moderator is given."""

WORDS_WITHIN_S = 1.5
"""How long reading the list of words may take."""

_OPENAI = specs.PROVIDERS["openai"]
SECRETS = _OPENAI.secrets
"""What each function binds that checks content."""


class ContentRejected(StudioxError):
    """The content is not accepted. Nothing was debited, published or stored. It is not said which part, or why."""

    code = "failed-precondition"
    text = "This can't be used here. Please change the text or the pictures and try again."


def is_on() -> bool:
    return config.MODERATION.value != "off"


def check(caller: Actor, content: Content, kind: records.Checked) -> Rating:
    """The content's rating. `ContentRejected`; `Unavailable` without a verdict, if MODERATION_WHEN_AWAY refuses."""
    verdict = _verdict(content)
    if verdict == "rejected":
        _count(caller, kind)
        raise ContentRejected
    return verdict


def _verdict(content: Content) -> Verdict:
    try:
        return _moderator().check(content)
    except Away as error:
        if error.ours:
            log.alert("moderation_not_working", moderator=config.MODERATION.value, why=error.why, status=error.status)
        else:
            log.warning("moderation_away", moderator=config.MODERATION.value, why=error.why, status=error.status)
        if config.MODERATION_WHEN_AWAY.value != "allow":
            raise Unavailable(retryAfterSeconds=5) from error
        return error.known


def _moderator() -> Moderator:
    """The moderator that MODERATION names. `Away` if it is not set up."""
    match config.MODERATION.value:
        case "openai":
            return _openai()
        case "words":
            return _words()
        case other:
            raise Away(f"MODERATION is {other[:32]}, not off, words or openai", ours=True)


def _openai() -> Moderator:
    assert _OPENAI.base_url is not None
    try:
        [key] = map(config.secret, SECRETS)
        return OpenAiModerator(_OPENAI.base_url.value, key, _address_of)
    except (config.MissingSecret, ValueError) as error:
        raise Away(type(error).__name__, ours=True) from error


def _address_of(path: str) -> str:
    try:
        return objects.signed_url(path, ADDRESS_S)
    except objects.MediaError as error:
        raise Away("no address of a picture") from error


@per_process
def _lists() -> Cache[WordList]:
    return Cache(1, ttl_s=MINUTE_S)


def _words() -> Moderator:
    """The list of words. Each process reads it once a minute."""
    kept = _lists().get("")
    if kept is not UNKNOWN:
        return kept
    try:
        found = records.find_words(WORDS_WITHIN_S)
    except MalformedDocument as error:
        raise Away("the list of words is malformed", ours=True) from error
    except Unavailable as error:
        raise Away("the list of words cannot be read") from error
    try:
        made = WordList([] if found is None else found.words)
    except InvalidList as error:
        raise Away(str(error), ours=True) from error
    _lists().put("", made)
    return made


def _count(caller: Actor, kind: records.Checked) -> None:
    """Add the refusal to the year's counts, which name nobody. Without the count it is refused all the same."""
    now = clock.now()
    path = records.year_path(now)

    def decide(docs: Docs) -> None:
        records.count_refused(docs, now, kind)

    try:
        System(caller.function).commit(path, decide, Reads(fresh=[path]), target=None)
    except (Contention, Unavailable):
        log.warning("refusal_not_counted", kind=kind)
