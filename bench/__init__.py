"""The benchmarks: StudioX and its peer measured in the same run and compared as ratios. These are not tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "functions"))  # the code that is measured
