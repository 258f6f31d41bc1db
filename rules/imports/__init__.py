"""RC4xx: can the image stream be imported?"""
