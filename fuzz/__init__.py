"""Laws that hold for any bytes, and what tries to break them: `python -m fuzz TARGET --seconds N` (docs/fuzzing.md)."""
