"""RC5xx: whether the pull will work, and why not."""
