"""RC6xx: how long the credential lives."""
