"""The page's words: every text that people read is in the dictionary, in every language, with the same slots."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from studiox.billing import monthly_tokens, referral_settlement, settlement
from studiox.catalog import defaults, sales
from studiox.tokens import social_tasks
from tests.test_web import ROOT, SOURCES, WEB, name

WORDS = WEB / "src/words"
SLOT = re.compile(r"\{(\w+)\}")
ARABIC = re.compile(r"[\u0600-\u06ff]")
NAMES: set[str] = set()
"""The paths of texts that are the same in every language, such as names and addresses."""
NOT_READ = {
    # keys, headers, and a language's own name
    "Enter", "Escape", "Tab", "Home", "End", "Bearer \x00", "Firebase \x00", "Content-Type", "Authorization", "English",
    # refusals' reasons, and a kind of drop
    "Forbidden", "Unavailable", "Files",
    # what is stored for an author without a name
    "Anonymous",
    # errors of the code, for developers
    "Nobody is signed in.", "This site has no Firebase configuration.",
}  # fmt: skip


def leaves(words: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    """Each text's path and its forms; a text without plurals has one."""
    for key, value in words.items():
        here = f"{path}.{key}".removeprefix(".")
        if isinstance(value, str):
            yield here, {"other": value}
        elif "other" in value and all(isinstance(form, str) for form in value.values()):
            yield here, value
        else:
            yield from leaves(value, here)


@pytest.fixture(scope="module")
def dictionary() -> dict[str, dict[str, dict[str, str]]]:
    """Every language's texts: {language: {path: {form: text}}}."""
    printed = subprocess.run(
        ["node", "tests/words.mjs"], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60
    ).stdout
    return {language: dict(leaves(words)) for language, words in json.loads(printed).items()}


def test_a_translation_has_the_same_texts_with_the_same_slots(
    dictionary: dict[str, dict[str, dict[str, str]]],
) -> None:
    """A form may leave out `{count}`: "one collection"."""
    english = dictionary["en"]
    assert len(english) > 80
    for language, texts in dictionary.items():
        assert set(texts) == set(english), language
        for path, forms in texts.items():
            slots = {slot for form in english[path].values() for slot in SLOT.findall(form)}
            for form, text in forms.items():
                found = set(SLOT.findall(text))
                assert found ^ slots <= slots & {"count"}, f"{language} {path} {form}: {text}"
                assert text.count("{") == text.count("}") == len(SLOT.findall(text)), f"{language} {path}: {text}"


def test_arabic_is_arabic(dictionary: dict[str, dict[str, dict[str, str]]]) -> None:
    english, arabic = dictionary["en"], dictionary["ar"]
    left = [
        path
        for path, forms in arabic.items()
        for text in forms.values()
        if not ARABIC.search(text) and re.search(r"[a-z]{2}", SLOT.sub("", text)) and path not in NAMES
    ]
    assert not left, {path: english[path] for path in left}


def test_the_bundled_catalogue_and_the_ledgers_reasons_are_in_the_dictionary(
    dictionary: dict[str, dict[str, dict[str, str]]],
) -> None:
    """The functions store them in English, and the page finds their translation by the text (web/src/ours.ts)."""
    ours = {forms["other"] for path, forms in dictionary["en"].items() if path.startswith("money.bundled.")}
    stored = {pack.name for pack in sales.PACKS} | {plan.name for plan in sales.PLANS}
    stored |= {text for plan in sales.PLANS for text in plan.features}
    stored |= {task.title for task in social_tasks.TASKS} | {feature.label for feature in defaults.FEATURES}
    stored |= {*settlement.REASONS.values(), settlement.TOP_UP_REASON, monthly_tokens.LOWERED, monthly_tokens.SET_OFF}
    stored |= {*monthly_tokens.REASONS.values(), *referral_settlement.REASONS.values()}
    for path in (ROOT / "functions/studiox").rglob("*.py"):
        stored.update(re.findall(r"""\bCause\([^)]*\breason="([^"]+)\"""", path.read_text()))
    assert len(stored) > 30
    assert {text.replace("'", "’") for text in stored} - ours == set()


def code_of(source: str) -> tuple[list[str], list[str]]:
    """The static parts of a module's templates, and its plain strings. `\x00` stands for a `${…}`."""
    templates: list[str] = []
    strings: list[str] = []
    at = 0

    def template() -> str:
        nonlocal at
        parts = ""
        while source[at] != "`":
            if source.startswith("${", at):
                at += 2
                code(True)
                parts += "\x00"
            else:
                parts += source[at]
                at += 2 if source[at] == "\\" else 1
        at += 1
        return parts

    def code(nested: bool) -> None:
        nonlocal at
        depth = 0
        while at < len(source):
            each = source[at]
            if source.startswith("//", at) and source[at - 1] != ":":
                at = source.find("\n", at)
            elif source.startswith("/*", at):
                at = source.find("*/", at) + 2
            elif each == "'":
                end = at + 1
                while source[end] != "'":
                    end += 2 if source[end] == "\\" else 1
                strings.append(source[at + 1 : end])
                at = end + 1
            elif each == "`":
                tagged = source[:at].endswith(("html", "svg"))
                at += 1
                (templates if tagged else strings).append(template())
            elif regex := REGEX.match(source, at):
                at = regex.end()
            else:
                depth += (each == "{") - (each == "}")
                at += 1
                if nested and depth < 0:
                    return

    code(False)
    return templates, strings


REGEX = re.compile(r"(?<=[(,=:!&|?+ ])/(?![/* ])(?:\\.|\[(?:\\.|[^\]\n])*\]|[^/\n\\])+/[a-z]*(?=[.,;) ])")
SAID_IN = re.compile(r"""\b(?:aria-label|aria-description|alt|title|placeholder|label)=(?:"([^"]*)"|'([^']*)')""")
TAG = re.compile(r"<(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
LETTERS = re.compile(r"[^\W\d_]{2}")
SENTENCE = re.compile(r"^\s*[A-Z][a-z’']+(\s|$|…|,|:)|[a-z] [a-z]+[.?!]$|\x00 [a-z]{2,}|[a-z]{2,} \x00")


def texts_in(source: str) -> list[str]:
    """What a module says to people by itself."""
    templates, strings = code_of(source)
    said = [text for each in templates for text in TAG.sub("\n", each).split("\n")]
    said += [text for each in templates for found in SAID_IN.findall(each) for text in found]
    said = [text for text in said if LETTERS.search(text.replace("StudioX", "").replace("&nbsp;", ""))]
    return said + [each for each in strings if SENTENCE.search(each) and each not in NOT_READ]


def test_the_reader_of_modules_sees_what_they_say() -> None:
    assert texts_in("html`<p class='card'>Buy ${count(`a ${b}`)}</p>`") == ["Buy \x00"]
    assert texts_in('html`<button aria-label="Close it" class="round">${icon}</button>`') == ["Close it"]
    assert texts_in("app.say('Nothing was bought.'); // Not said\nconst a = 'row wrap';") == ["Nothing was bought."]
    assert texts_in("const a = /^'[A-Z]/.test(b); app.say(`Try ${a} again.`)") == ["Try \x00 again."]
    assert texts_in("html`<p class=${wide ? 'a' : nothing}>${words.buy}</p>`") == []


def test_what_people_read_is_in_the_dictionary() -> None:
    said = {
        name(path): found for path in SOURCES if WORDS not in path.parents and (found := texts_in(path.read_text()))
    }
    assert said == {}


def test_every_area_of_the_dictionary_is_used() -> None:
    code = "".join(path.read_text() for path in SOURCES if WORDS not in path.parents)
    for area in sorted((WORDS / "en").glob("*.ts")):
        entries = re.findall(r"^  (\w+):", area.read_text(), re.MULTILINE)
        # Refusals are found by their reason, which the type checker compares.
        unused = [each for each in entries if area.stem != "refusals" and not re.search(rf"\b{each}\b", code)]
        assert not unused, name(area)
