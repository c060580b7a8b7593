"""What is deployed may be: every licence is known, allowed and listed in docs/licences.md."""

from __future__ import annotations

import pytest

from local.generate import licences
from local.generate.licences import NotAllowed, Package


def test_the_page_lists_what_the_lock_files_hold() -> None:
    assert licences.text() == licences.PAGE.read_text(), "make licences"


def test_the_pages_own_packages_are_found() -> None:
    """The page holds Firebase's code and lit-html's, and none of the tools that build it."""
    names = {package.name for package in licences.of_page()}
    assert {"@firebase/auth", "lit-html"} <= names
    assert not names & {"vite", "typescript", "firebase-tools"}


@pytest.mark.parametrize(
    "licence", ["", "GPL-3.0-only", "AGPL-3.0", "LGPL-2.1", "SSPL-1.0", "MPL-2.0", "MIT AND GPL-2.0", "Proprietary"]
)
def test_what_is_unknown_or_binds_our_code_is_refused(licence: str) -> None:
    with pytest.raises(NotAllowed, match=r"a-package 1\.0"):
        licences.refuse([Package("a-package", "1.0", licence)])


@pytest.mark.parametrize("licence", ["MIT", "Apache-2.0 OR BSD-3-Clause", "GPL-2.0 OR MIT", "(MIT AND ISC)"])
def test_what_we_may_use_is_taken(licence: str) -> None:
    licences.refuse([Package("a-package", "1.0", licence)])


def test_certifi_is_allowed_because_it_is_not_changed() -> None:
    licences.refuse([Package("certifi", "1.0", "MPL-2.0")])
    with pytest.raises(NotAllowed):
        licences.refuse([Package("certifi", "1.0", "GPL-3.0-only")])
