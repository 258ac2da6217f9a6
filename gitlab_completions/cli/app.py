"""The group of commands, and what becomes of their errors."""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitlab_completions import __version__
from gitlab_completions.cli.problems import Exit, Problem, problem_of, report
from gitlab_completions.errors import GitLabCompletionsError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("EXIT_CODES", "app", "run")

EXIT_CODES = """\b
Exit codes:
  0    done
  1    no suggestion here; the doctor found a problem; the demo went wrong; a
       rehearsal lost completions; a replay showed a stale suggestion
  2    wrong use: an option, the file, the position, the environment
  3    GitLab takes no request like this one
  4    no route gives completions
  5    the deadline passed first
  6    a rehearsed roll-out was held
  7    a rehearsed roll-out was taken back
  70   a defect of this program
  74   what it says cannot be written
  130  interrupted
  141  who read what it says has left
"""
_COMMANDS = (
    *("complete", "status", "doctor", "report", "rehearse", "replay"),
    *("emulator", "demo"),
)


class _LazyGroup(click.Group):
    """Imports a command's module when the command is used: rich takes its time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands' names."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, `None` when there is none of that name."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"gitlab_completions.cli.{cmd_name}")
        command: object = module.command
        return command if isinstance(command, click.Command) else None


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXIT_CODES,
    invoke_without_command=True,
)
@click.version_option(
    __version__, prog_name="gitlab-completions", message="%(prog)s %(version)s"
)
@click.pass_context
def app(context: click.Context) -> int:
    """Code completions from GitLab Duo, by the fastest route that works.

    Direct, to GitLab's AI Gateway, where the instance allows it; else indirect, through
    the instance. `demo` shows both without a GitLab.
    """
    if context.invoked_subcommand is not None:
        return Exit.DONE
    click.echo(context.get_help(), err=True)
    return Exit.WRONG_USE


def run(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name; return the exit code."""
    json_wanted = "--json" in arguments
    if sys.stdout is None:  # closed by who started us: nothing is wanted of it
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    try:
        code: object = app.main(
            list(arguments), prog_name="gitlab-completions", standalone_mode=False
        )
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # click makes an exit of the former
        return _unwritten(Exit.READER_LEFT)
    except (KeyboardInterrupt, click.Abort):
        return report(
            Problem("interrupted", exit_code=Exit.INTERRUPTED), json_wanted=False
        )
    except (Problem, GitLabCompletionsError, click.ClickException) as error:
        return report(_problem(error), json_wanted=json_wanted)
    except OSError as error:
        why = error.strerror or type(error).__name__
        message = f"what it says cannot be written: {why}"
        ended = Problem(message, "check where it goes", exit_code=Exit.NO_OUTPUT)
        report(ended, json_wanted=False)
        return _unwritten(Exit.NO_OUTPUT)
    except ImportError:
        raise  # a package of the extra is missing: the caller says which
    except Exception:
        traceback.print_exc()
        return Exit.DEFECT
    return code if isinstance(code, int) else Exit.DONE


def _unwritten(code: Exit) -> Exit:
    """Leave what is still to be written: Python would complain of it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _problem(error: Problem | GitLabCompletionsError | click.ClickException) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, GitLabCompletionsError):
        return problem_of(error)
    message = " ".join(error.format_message().split()).rstrip(".")
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return Problem(message, f"see {error.ctx.command_path} --help", code="usage")
    return Problem(message, code="usage")
