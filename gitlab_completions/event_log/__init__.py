"""Events as lines of JSON in a rotated file, by GitLab's own telemetry names.

What GitLab's teams measure of code suggestions has names, types and bounds; a line uses
them where it can, so that it can be joined with data that is kept already::

    with EventLog("completions.jsonl") as log:
        client = CompletionClient(url, token, observers=[log.observer()])

One JSON object a line, in UTF-8. Each has `time`, `category` (GitLab's
`code_suggestions`, or `routing` for what is ours) and `action`. A line holds sizes,
times and codes: no path, no source, no project, no token and no host name, unless you
give one as a label. Readers skip what is no JSON object (a crash may tear a line), and
keys and actions that they do not know: new ones appear in minor versions.
"""

from gitlab_completions.event_log._log import EventLog
from gitlab_completions.event_log._names import gitlab_part

__all__ = ("EventLog", "gitlab_part")
