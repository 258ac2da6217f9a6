"""The sessions that keep the project sound: `nox` runs the default ones.

Each installs what it needs into an environment of its own; caches stay in the checkout.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2024.10"  # `nox.project.dependency_groups`
nox.options.default_venv_backend = "venv"  # virtualenv keeps a cache in the home
nox.options.error_on_external_run = True
nox.options.reuse_existing_virtualenvs = True
nox.options.stop_on_first_error = False
# Not `examples`: tests/test_examples.py runs them too.
nox.options.sessions = ["lint", "types", "tests", "networks", "soak_quick"]

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)
EXTRAS = (
    "cli,emulator,eventlog,httpx2,ignore,keyring,lsp,openfeature,otel,redact,redis,"
    "report,shared,speed"
)
# Modules of tests/benchmarks, each with a `main` and the options of its `rounds`.
BENCHMARKS = (
    "import_time",
    "simulate",
    "fleet",
    "sync_overhead",
    "call_cost",
    "memory",
    "growth",
    "storm",
    "first_keystroke",
    "idle",
    "first_piece",
    "redaction",
    "keystrokes",
    "telemetry",
    "event_log",
)
CACHE = Path(".nox", ".cache").resolve()

# Whoever runs this finds nothing new outside the checkout afterwards.
os.environ.setdefault("PIP_CACHE_DIR", str(CACHE / "pip"))
os.environ.setdefault("PYRIGHT_PYTHON_CACHE_DIR", str(CACHE / "pyright"))
os.environ.setdefault("NPM_CONFIG_CACHE", str(CACHE / "npm"))
os.environ.setdefault("KF_RULE_CACHE_DIR", str(CACHE / "rules"))  # of secrets
os.environ.setdefault("PIP_DISABLE_PIP_VERSION_CHECK", "1")


def groups(*names: str) -> tuple[str, ...]:
    """Return the requirements of dependency groups: older pips have no `--group`."""
    return nox.project.dependency_groups(PROJECT, *names)


def install(session: nox.Session, *names: str) -> None:
    """Install the project with its extras, as a user would, and some groups."""
    session.install(f".[{EXTRAS}]", *groups(*names))


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, formatting, layers, and what is known against our dependencies."""
    install(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports", "--no-cache")
    shipped = f"gitlab-completions[{EXTRAS}]"
    session.run("python", "tests/audits/dependencies.py", shipped)


@nox.session
def types(session: nox.Session) -> None:
    """Check types: mypy on everything, pyright on what users import."""
    install(session, "test", "types")
    session.run("mypy", "gitlab_completions", "tests", "examples", "noxfile.py")
    session.run("pyright")
    session.run("pyright", "--verifytypes", "gitlab_completions", "--ignoreexternal")


@nox.session(python=PYTHONS)
def typing_api(session: nox.Session) -> None:
    """Check on each Python that the public names mean what users write."""
    session.install(".", "mypy", "types-cachetools")
    session.run("mypy", "--strict", "tests/typing/api.py")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests on the Python at hand, against the installed package."""
    run_tests(session)


@nox.session(python=PYTHONS, name="tests_all")
def tests_all(session: nox.Session) -> None:
    """Run the tests on every supported Python that is there."""
    run_tests(session)


PURE = ("_core", "_wire", "editor/_core")
# Two at a time: half of the minutes, and all that CI's machines have cores for.
# Not `-m pytest`: that would import the package from the checkout.
AT_ONCE = ("-n2", "--dist=worksteal")


def run_tests(session: nox.Session) -> None:
    """Run the tests, and hold the coverage of what is pure to the whole of it.

    Coverage costs a third of the minutes; `coverage` measures it of everything.
    """
    install(session, "test")
    session.env["EXPECT_INSTALLED"] = "1"  # tests/test_shape.py
    have_redis(session)
    if session.posargs:
        session.run("pytest", *session.posargs)
        return
    measure_installed(session)
    pure = [f"tests/{name}" for name in PURE]
    session.run("pytest", *pure, *AT_ONCE, "--cov", "--cov-report=")
    report_pure(session)
    # The session `networks` runs those: without a proxy program they would be skipped.
    apart = [f"--ignore={path}" for path in (*pure, "tests/networks")]
    session.run("pytest", "tests", *apart, *AT_ONCE)


@nox.session
def coverage(session: nox.Session) -> None:
    """Run the tests with coverage, and hold the coverage of everything to its limit."""
    install(session, "test")
    session.env["EXPECT_INSTALLED"] = "1"
    have_redis(session)
    measure_installed(session)
    arguments = ("--ignore=tests/networks", *AT_ONCE, "--cov", "--cov-report=")
    session.run("pytest", "tests", *arguments)
    report_pure(session)
    session.run("coverage", "report", "--fail-under=95")


def report_pure(session: nox.Session) -> None:
    """Hold the coverage of the core and the wire to the whole of it."""
    pure = ",".join(f"*/{name}/*" for name in PURE)
    session.run("coverage", "report", f"--include={pure}", "--fail-under=100")


def have_redis(session: nox.Session) -> None:
    """Have a redis-server to test with: in CI by Debian's package, else as it is."""
    apt = shutil.which("apt-get") if "CI" in os.environ else None
    if shutil.which("redis-server") is None and apt is not None:
        for arguments in (("update", "-qq"), ("install", "-qq", "-y", "redis-server")):
            session.run(apt, *arguments, external=True, success_codes=range(256))
    if shutil.which("redis-server") is not None:
        session.env["EXPECT_REDIS"] = "1"  # tests/shared/conftest.py
        return
    session.warn("SKIPPED: no redis-server here, so RedisStore is not tested")


def measure_installed(session: nox.Session) -> None:
    """Point coverage at the installed package, as the tests import that one."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    found = session.run("python", "-c", code, silent=True)
    session.env["COVERAGE_SOURCE"] = f"{str(found).strip()}/gitlab_completions"


@nox.session
def networks(session: nox.Session) -> None:
    """Run both routes through a real proxy program, on the installed package."""
    install(session, "test")
    session.env["GITLAB_COMPLETIONS_TEST_PROXY"] = install_proxy(session)
    session.run("pytest", "tests/networks", *session.posargs)


def install_proxy(session: nox.Session) -> str:
    """Install the proxy program apart: it pins what the tests want newer."""
    home = Path(session.bin).parent / "proxy"
    binaries = home / Path(session.bin).name
    if not home.exists():
        session.run("python", "-m", "venv", str(home))
    pip = (str(binaries / "python"), "-m", "pip", "install", "--quiet")
    session.run(*pip, *groups("proxy"), external=True)
    return str(binaries / "mitmdump")


@nox.session
def lowest(session: nox.Session) -> None:
    """Run the tests with the oldest releases that the core claims to work with."""
    install(session, "test")
    session.install("httpx==0.27.0", "pyjwt==2.8.0", "tenacity==8.2.3")
    session.install("cachetools==5.3.0")
    session.run("pytest", "tests", *session.posargs)


@nox.session
def own_coverage(session: nox.Session) -> None:
    """Check that each pure module is wholly covered by its own test module alone."""
    install(session, "test")
    measure_installed(session)
    pytest = str(Path(session.bin, "pytest"))
    lacking = []
    for source in sorted(Path("gitlab_completions").glob("_[cw]*/[a-z]*.py")):
        own = Path("tests", source.parts[1], f"test_{source.name}")
        session.run("coverage", "erase", silent=True)
        session.run("coverage", "run", pytest, "-q", str(own), silent=True)
        session.run("coverage", "combine", "--quiet", silent=True)
        include = f"--include=*/{source}"
        report = ("coverage", "report", include, "--fail-under=100")
        if session.run(*report, success_codes=[0, 2]) is True:
            continue
        lacking.append(str(source))
    if lacking:
        session.error(f"not wholly covered: {', '.join(lacking)}")


@nox.session
def examples(session: nox.Session) -> None:
    """Run what the README and the examples show."""
    install(session, "test")
    session.run("python", "examples/complete_once.py")
    session.run("python", "examples/watch_routing.py")
    session.run("python", "examples/generate.py")
    session.run("python", "examples/with_context.py")
    session.run("python", "examples/keep_events.py")
    session.run("python", "examples/editor_without_asyncio.py")
    session.run("python", "examples/watch_metrics.py", "--port", "0", "--seconds", "2")
    session.run("pytest", "examples/test_your_plugin.py")


@nox.session
def fuzz(session: nox.Session) -> None:
    """Search what reads a server's answers for faults; `-- --seconds N` (60)."""
    install(session, "test")
    try:
        session.install("--only-binary=atheris", *groups("fuzz"))
    except nox.command.CommandFailed:
        session.skip("NOTHING WAS FUZZED: atheris has no wheel for this Python here")
    session.run("pytest", "-q", "tests/fuzz/test_session.py")
    session.run("python", "-m", "tests.fuzz.session", *session.posargs)


@nox.session
def soak_quick(session: nox.Session) -> None:
    """Type for 20 s while everything fails that can."""
    run_soak(session, "--seconds", "20")


@nox.session
def soak(session: nox.Session) -> None:
    """The same for 600 s; `-- --seconds 600 --seed N --png FILE`, `-- --plan`."""
    run_soak(session)


@nox.session
def edits(session: nox.Session) -> None:
    """Edit a model document at random, 10 000 times for each author."""
    install(session, "test")
    session.env["EDITS"] = "10000"
    session.run("pytest", "tests/editor/test_random_edits.py", *session.posargs)


@nox.session
def rehearse(session: nox.Session) -> None:
    """Play the example of a roll-out in full: its incident has it taken back."""
    install(session)
    plan = ("rehearse", "examples/rollout.toml", *session.posargs)
    session.run("gitlab-completions", *plan, success_codes=[7])


def run_soak(session: nox.Session, *arguments: str) -> None:
    """Run the soak, and draw it: into the session's own folder, unless told."""
    install(session, "soak")
    png = str(Path(session.create_tmp(), "soak.png"))
    drawn = (*arguments, "--png", png, *session.posargs)
    session.run("python", "-m", "tests.soak", *drawn)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure, side by side, and draw; `-- --quick` for a look at whether it runs.

    Each module's picture and table (TSV) go into the session's own temporary folder, as
    NAME.png and NAME.tsv. Where calls spend their CPU is for the session `profile`.
    """
    install(session, "bench")
    if any(argument.startswith("--png") for argument in session.posargs):
        session.error("each module draws a picture of its own: leave --png out")
    folder = Path(session.create_tmp())
    for name in BENCHMARKS:
        png, table = (str(folder / f"{name}.{kind}") for kind in ("png", "tsv"))
        module = f"tests.benchmarks.{name}"
        words = ("--png", png, *session.posargs)
        session.run("python", "-m", "tests.benchmarks.kept", table, module, *words)
    session.log(f"pictures and tables: {folder}")


@nox.session
def profile(session: nox.Session) -> None:
    """Show where a call's CPU goes: a table, a tree, a page and a picture.

    The last two are profile.png and calls.html in the session's own temporary folder;
    `-- --quick` and the other options are the module's.
    """
    install(session, "bench")
    folder = Path(session.create_tmp())
    drawn = ("--png", str(folder / "profile.png"), "--html", str(folder / "calls.html"))
    module = "tests.benchmarks.profile_calls"
    session.run("python", "-m", module, *drawn, *session.posargs)


@nox.session
def dashboard(session: nox.Session) -> None:
    """Have a real Prometheus answer what the dashboard asks, and draw it.

    The pictures are dashboard.png and dashboard-dark.png in the session's own temporary
    folder; `-- --url URL` draws what another Prometheus knows.
    """
    if shutil.which("prometheus") is None or shutil.which("promtool") is None:
        session.skip("NOTHING WAS ASKED: apt-get install prometheus")
    install(session, "test", "soak")  # soak: matplotlib
    session.run("pytest", "tests/dashboard")
    png = str(Path(session.create_tmp(), "dashboard.png"))
    drawn = ("--png", png, *session.posargs)
    session.run("python", "-m", "examples.dashboard.draw", *drawn)


@nox.session
def browser(session: nox.Session) -> None:
    """Open a report in a headless Chromium, click its filters, and keep screenshots.

    They go into the session's own temporary folder. The environment variable CHROMIUM
    names a program that is not found by itself.
    """
    if not have_chromium():
        session.skip(
            "NO PAGE WAS LOOKED AT: there is no Chromium: apt install chromium"
        )
    install(session, "test", "browser")
    shots = session.create_tmp()
    session.env["SCREENSHOTS"] = str(Path(shots).resolve())
    session.run("pytest", "tests/browser", *session.posargs)
    session.log(f"screenshots: {shots}")


def have_chromium() -> bool:
    """Tell whether there is a Chromium: CHROMIUM names one, else it is looked for."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return "CHROMIUM" in os.environ or any(map(shutil.which, names))


@nox.session
def jupyter(session: nox.Session) -> None:
    """Type in a real JupyterLab, by a headless Chromium, and keep screenshots.

    They go into the session's own temporary folder. CHROMIUM names a program as above.
    """
    if not have_chromium():
        session.skip("NO CELL WAS TYPED IN: there is no Chromium: apt install chromium")
    session.install(".[emulator,ignore]", *groups("jupyter"))
    session.install("--no-deps", "./examples/editors/jupyterlab")
    shots = session.create_tmp()
    session.env["SCREENSHOTS"] = str(Path(shots).resolve())
    # Here the host's own types are known, which the session `types` goes without.
    checked = ("examples/editors/jupyterlab", "tests/jupyter")
    session.run("mypy", "--follow-imports=silent", *checked)
    session.run("pytest", "tests/jupyter", *session.posargs)
    session.log(f"screenshots: {shots}")


@nox.session(python=PYTHONS)
def matrix(session: nox.Session) -> None:
    """Play each fault at each endpoint: `-- --engine all --write matrix.md`."""
    install(session, "test")
    session.run("python", "-m", "tests.matrix", *session.posargs)
