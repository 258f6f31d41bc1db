"""RC4xx: whether the image stream can be imported."""
