"""`make pictures`: take the screenshots in docs/pictures/ of the playground, with the data of `make serve`."""

from __future__ import annotations

import sys

from local import journeys
from local.generate.seed import DATA


def main() -> int:
    return journeys.run([f"{journeys.BROWSER}/pictures.mjs"], data_dir=DATA)


if __name__ == "__main__":
    sys.exit(main())
