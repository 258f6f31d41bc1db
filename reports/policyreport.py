"""The report for policy dashboards in a cluster: PolicyReport and ClusterPolicyReport of `wgpolicyk8s.io/v1alpha2`."""

from typing import Final

from linter.model import Run
from reports import _policyreport
from reports.contract import Options, Report

REPORT = Report("policyreport", "PolicyReport objects (wgpolicyk8s.io) for dashboards", "application/json")

_KINDS: Final = _policyreport.Kinds("wgpolicyk8s.io/v1alpha2", "PolicyReport", "ClusterPolicyReport", sourced=False)


def render(run: Run, options: Options) -> str:  # noqa: ARG001 - the contract of a report
    """Return the run as a `List` of policy reports, for `kubectl apply`."""
    return _policyreport.render(run, _KINDS)
