"""Type into an editor for ten minutes while everything fails that can.

Two servers in processes of their own, over TLS; four authors on two clients; faults,
restarts and suspends by a plan that its seed tells. What must hold is in `verdict`.
Progress and the plan on stderr, what was found as TSV on stdout; the exit status tells
whether all of it is right.

    python -m tests.soak [--seconds 600] [--seed 1] [--png FILE] [--plan]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.soak.picture import draw
from tests.soak.plan import make_plan
from tests.soak.run import Report, soak

_YES_NO = {True: "yes", False: "NO"}


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--seconds", type=float, default=600.0, help="how long; 20: CI")
    parser.add_argument("--seed", type=int, default=1, help="what happens, and when")
    parser.add_argument("--png", type=Path, help="draw a picture into this file")
    parser.add_argument("--plan", action="store_true", help="print the plan, and end")
    return parser.parse_args()


def tell(report: Report) -> None:
    """Print what was found, and why errors were right; last, what is not right."""
    for excuse, count in report.journal.excuses.most_common():
        print(f"  {count:5} errors were right: {excuse}", file=sys.stderr)
    print("what", "found", "right", sep="\t")
    for what, found, right in report.checks:
        first, _, more = found.partition("\n")
        print(what, f"{first} ..." if more else first, _YES_NO[right], sep="\t")
    for what, found, right in report.checks:
        if not right:
            print(f"NOT right: {what}: {found}", file=sys.stderr)


def main() -> int:
    """Run a soak; return the exit status."""
    wish = arguments()
    plan = make_plan(wish.seed, wish.seconds)
    print(f"seed {plan.seed}, {plan.seconds:.0f} s\n{plan}", file=sys.stderr)
    if wish.plan:
        return 0
    report = soak(plan)
    tell(report)
    if wish.png is not None:
        draw(report, wish.png)
        print(f"picture: {wish.png}", file=sys.stderr)
    return 0 if report.sound else 1


if __name__ == "__main__":
    sys.exit(main())
