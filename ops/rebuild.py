"""Rebuild users' balances from their ledgers, after a bad write: `python -m ops.rebuild UID…`.

It acts on the project of GCLOUD_PROJECT, or on the emulator of FIRESTORE_EMULATOR_HOST. A ledger that does not add up
is not used: restore its entries first (docs/operations.md).
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(uids: list[str]) -> int:
    """The exit code: 0 if every balance now equals the sum of its ledger."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "functions"))
    from studiox.kit.errors import StudioxError
    from studiox.tokens import audit

    failed = 0
    for uid in uids:
        try:
            print(f"{uid}: {'rebuilt' if audit.rebuild(uid, 'operator') else 'was right'}")
        except StudioxError as error:
            failed += 1
            print(f"{uid}: {error.reason}")
    if not uids:
        print(__doc__)
    return 1 if failed or not uids else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
