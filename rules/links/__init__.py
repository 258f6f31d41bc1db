"""RC3xx: whether the secret reaches the pod."""
