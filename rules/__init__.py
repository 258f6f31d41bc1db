"""The rule catalogue: one rule a file, grouped by the family of its code. Nothing names a rule statically."""
