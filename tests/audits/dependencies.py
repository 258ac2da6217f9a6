"""Asks whether what users install has known vulnerabilities; fails when it has.

It audits what the resolver chose for the package with its extras, not the tools around
it. pip-audit asks PyPI; what PyPI does not know, as behind a mirror that serves files
only, is asked of OSV. Where neither can be asked nothing is known, and that must not
look like good news: it is said in a line of its own, and does not fail the build.

    python tests/audits/dependencies.py "gitlab-completions[cli,emulator]"
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, cast

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TOOL = (sys.executable, "-m", "pip_audit")
SERVICES = ("pypi", "osv")
PATIENCE_S = 120.0
"""Seconds for one service: it is asked of each package, one after the other."""


@dataclass
class Findings:
    """What is known of some packages.

    Attributes:
        vulnerable: What is wrong with a package, a line each.
        sound: Packages of which a service knew nothing bad.
    """

    vulnerable: list[str] = field(default_factory=list)
    sound: set[str] = field(default_factory=set)


def main(package: str, tool: Sequence[str] = TOOL) -> int:
    """Audit what an installed package, perhaps with extras, needs; return an exit code.

    Raises:
        PackageNotFoundError: When the package is not installed.
    """
    pins = shipped(Requirement(package))
    findings = audit(pins, tool)
    for line in findings.vulnerable:
        print(f"VULNERABLE: {line}")
    unknown = sorted(pins.keys() - findings.sound) if not findings.vulnerable else []
    if unknown:
        print(
            f"NOT AUDITED: {len(unknown)} of {len(pins)} packages, since no advisory "
            f"service could be asked about them: {', '.join(unknown)}"
        )
    elif not findings.vulnerable:
        print(f"audited {len(pins)} packages: no known vulnerabilities")
    return 1 if findings.vulnerable else 0


def shipped(package: Requirement) -> dict[str, str]:
    """Return the version of each package that installing this one has brought.

    Raises:
        PackageNotFoundError: When the package is not installed.
    """
    distribution(package.name)
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(package.name, extra) for extra in ("", *package.extras)]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        with suppress(PackageNotFoundError):  # another platform's
            installed = distribution(name)
            found[canonicalize_name(name)] = installed.version
            for line in installed.requires or ():
                needed = Requirement(line)
                if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                    waiting += [(needed.name, each) for each in ("", *needed.extras)]
    del found[canonicalize_name(package.name)]
    return found


def audit(pins: Mapping[str, str], tool: Sequence[str]) -> Findings:
    """Ask one service after the other about what none has answered for."""
    findings = Findings()
    for service in SERVICES:
        rest = {name: pins[name] for name in pins.keys() - findings.sound}
        if rest:
            for dependency in ask(service, rest, tool):
                note(dependency, findings)
        if findings.vulnerable:
            break
    return findings


def ask(
    service: str, pins: Mapping[str, str], tool: Sequence[str]
) -> list[Mapping[str, object]]:
    """Return what the service says of each package; nothing when it does not answer."""
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder, "requirements.txt")
        lines = sorted(f"{name}=={version}\n" for name, version in pins.items())
        listed.write_text("".join(lines), encoding="utf-8")
        options = ("--no-deps", "--disable-pip", "--progress-spinner=off", "-fjson")
        try:
            ended = subprocess.run(
                [*tool, f"-r{listed}", *options, f"-s{service}", "--cache-dir", folder],
                capture_output=True,
                check=False,
                text=True,
                timeout=PATIENCE_S,
            )
            report: dict[str, list[Mapping[str, object]]] = json.loads(ended.stdout)
        except (subprocess.TimeoutExpired, ValueError):
            return []
    return report["dependencies"]


def note(dependency: Mapping[str, object], findings: Findings) -> None:
    """Take note of what is said of one package, unless it was skipped."""
    if "vulns" not in dependency:
        return
    name, version = dependency["name"], dependency["version"]
    vulns = cast("list[Mapping[str, object]]", dependency["vulns"])
    for each in vulns:
        fixed = ", ".join(cast("list[str]", each["fix_versions"])) or "no version yet"
        findings.vulnerable.append(f"{name} {version}: {each['id']}, mended in {fixed}")
    findings.sound.add(canonicalize_name(str(name)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
