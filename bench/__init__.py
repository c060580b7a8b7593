"""The benchmarks: what StudioX does beside its peer in one run, as ratios; nothing here is a test."""
