"""RC6xx: how long does the credential live?"""
