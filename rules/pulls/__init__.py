"""RC5xx: will the pull work, and why not?"""
