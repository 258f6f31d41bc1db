"""RC2xx: whether an entry means what its author thinks."""
