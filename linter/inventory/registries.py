"""Registries that are known by name: which of them want a credential, and which serve everybody."""

from typing import Final

ANONYMOUS_HOSTS: Final = frozenset({"registry.access.redhat.com", "registry.k8s.io", "k8s.gcr.io", "mcr.microsoft.com"})
"""Registries that serve everything they hold without a credential."""
PRIVATE_HOSTS: Final = frozenset({"registry.redhat.io", "registry.connect.redhat.com"})
"""Registries that serve nothing without a credential."""
MIXED_HOSTS: Final = frozenset({"docker.io", "quay.io", "ghcr.io", "gcr.io", "registry.gitlab.com", "public.ecr.aws"})
"""Registries with public and private images side by side: a credential for the host proves nothing of one image."""
PLATFORM_HOSTS: Final = PRIVATE_HOSTS | {"quay.io", "cloud.openshift.com"}
"""What a cluster's node-wide pull secret normally holds."""
LOCAL_ENDS: Final = (".svc", ".svc.cluster.local", ".local")
"""How the names of registries of the cluster itself end."""
