"""RC1xx: whether the content of a pull secret is readable."""
