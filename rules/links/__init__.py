"""RC3xx: does the secret reach the pod?"""
