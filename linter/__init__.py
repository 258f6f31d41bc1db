"""regcred: the engine that audits registry credentials on Kubernetes and OpenShift."""

__version__ = "0.1.0"
