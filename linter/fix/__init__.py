"""Repairs: symbolic edits of files, manifests for clusters, and a diff that shows no credential.

Nothing here is imported until it is used: a check without a fix never loads this package's modules.
"""
