"""The benchmarks: StudioX and its peer measured in the same run and compared as ratios. These are not tests."""
