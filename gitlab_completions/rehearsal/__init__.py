"""Rehearse a roll-out of direct connections, before anybody's editor is part of it.

    plan = read_plan(Path("rollout.toml").read_text())
    report = rehearse(plan)
    print(report.outcome, report.saving, report.lost)

A plan names the steps, the guard rails, and what goes wrong. Hundreds of simulated
authors type meanwhile, each with a real client, at a GitLab that is the emulator's: in
virtual time, where hours take a minute, or on loopback, where they take hours.
"""

from gitlab_completions.rehearsal.affected import Affected
from gitlab_completions.rehearsal.conductor import Entry, Outcome, Standing
from gitlab_completions.rehearsal.guard_rails import Finding, Reading, Verdict
from gitlab_completions.rehearsal.performance import rehearse
from gitlab_completions.rehearsal.plan import (
    Authors,
    Breach,
    GuardRail,
    Latencies,
    Lever,
    Metric,
    Plan,
    PlannedFault,
    Step,
    Time,
)
from gitlab_completions.rehearsal.plan_file import read_plan
from gitlab_completions.rehearsal.quantities import Bound
from gitlab_completions.rehearsal.report import (
    DirectTail,
    Errors,
    Report,
    Saving,
    Waits,
)
from gitlab_completions.rehearsal.tables import PlanError

__all__ = (
    "Affected",
    "Authors",
    "Bound",
    "Breach",
    "DirectTail",
    "Entry",
    "Errors",
    "Finding",
    "GuardRail",
    "Latencies",
    "Lever",
    "Metric",
    "Outcome",
    "Plan",
    "PlanError",
    "PlannedFault",
    "Reading",
    "Report",
    "Saving",
    "Standing",
    "Step",
    "Time",
    "Verdict",
    "Waits",
    "read_plan",
    "rehearse",
)
