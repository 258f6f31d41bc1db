"""The report for policy dashboards in a cluster: Report and ClusterReport of OpenReports, `openreports.io/v1alpha1`."""

from typing import Final

from linter.model import Run
from reports import _policyreport
from reports.contract import Options, Report

REPORT = Report("openreports", "Report objects of OpenReports (openreports.io) for dashboards", "application/json")

_KINDS: Final = _policyreport.Kinds("openreports.io/v1alpha1", "Report", "ClusterReport", sourced=True)


def render(run: Run, options: Options) -> str:  # noqa: ARG001 - the contract of a report
    """Return the run as a `List` of reports, for `kubectl apply`."""
    return _policyreport.render(run, _KINDS)
