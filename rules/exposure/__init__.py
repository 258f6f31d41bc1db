"""RC7xx: who else can read the credential."""
