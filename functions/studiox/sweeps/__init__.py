"""The nightly sweep: media and documents come to agree, whatever died in between."""
