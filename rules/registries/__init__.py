"""RC2xx: does an entry mean what its author thinks?"""
