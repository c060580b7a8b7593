"""`make pictures`: make the pictures of docs/pictures/ anew, of the playground with the data that `make serve` has."""

from __future__ import annotations

import sys

from local import journeys
from local.generate.seed import DATA


def main() -> int:
    return journeys.run([f"{journeys.BROWSER}/pictures.mjs"], data_dir=DATA)


if __name__ == "__main__":
    sys.exit(main())
