"""RC1xx: is the content of a pull secret readable?"""
