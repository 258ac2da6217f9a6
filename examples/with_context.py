"""Context from other files, and what stays at home: secrets, and files on a list.

Completions come from the GitLab in GITLAB_URL with the token in GITLAB_TOKEN; without
GITLAB_URL from an emulator on this machine, which shows what it was sent. Needs
`pip install 'gitlab-completions[emulator,ignore,redact]'`.
"""

import asyncio
import json
import os
import tempfile
from pathlib import Path

from gitlab_completions import (
    CompletionClient,
    CompletionRequest,
    ContextItem,
    RequestRejectedError,
    RoutingPolicy,
    events,
)
from gitlab_completions.emulator import Emulator
from gitlab_completions.ignoring import ProjectIgnoreList
from gitlab_completions.redaction import SecretRedactor

TOKEN = "glpat-" + "q7Zr2mXw9Kc4Tn8Vb1Ly"  # nobody's
PROJECT = {
    "pricing.py": f'TOKEN = "{TOKEN}"\n\nprint(price_with_tax(100, rate=0.19))\n',
    "customers/names.py": 'NAMES = ["Ada", "Grace"]\n',
    ".gitlabduoignore": "# customers are nobody's business\ncustomers/\n",
}
ABOVE = "from pricing import price_with_tax\n\nprint(price_with_tax("


def item(root: Path, name: str) -> ContextItem:
    return ContextItem(name=name, content=(root / name).read_text("utf-8"))


async def complete(client: CompletionClient, root: Path) -> None:
    await client.warm_up()  # the rules of secrets are compiled once, which takes long
    context = (item(root, "pricing.py"), item(root, "customers/names.py"))
    request = CompletionRequest(
        file_name="invoice.py", content_above_cursor=ABOVE, context=context
    )
    completion = await client.complete(request)
    print(f"completion: {completion.text}")
    try:
        await client.complete(
            CompletionRequest(file_name="customers/names.py", content_above_cursor="N")
        )
    except RequestRejectedError as error:
        print(f"customers/names.py: {error.message}")


def show(event: events.Event) -> None:
    if isinstance(event, events.ContextWithheld):
        print(f"left out: {event.items} item")


async def main(root: Path) -> None:
    for name, content in PROJECT.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(content, "utf-8")
    redact, ignore = SecretRedactor(), ProjectIgnoreList(root)
    if os.environ.get("GITLAB_URL"):
        async with CompletionClient.from_env(
            redact=redact, ignore=ignore, observers=[show]
        ) as client:
            await complete(client, root)
        return
    plain = RoutingPolicy(allow_plain_http=True)  # the emulator has no certificate
    async with (
        Emulator() as gitlab,
        CompletionClient(
            gitlab.instance_url,
            gitlab.access_token,
            policy=plain,
            redact=redact,
            ignore=ignore,
            observers=[show],
        ) as client,
    ):
        await complete(client, root)
        (seen,) = gitlab.gateway.requests + gitlab.instance.requests
        for sent in json.loads(seen.body)["context"]:
            print(f"sent of {sent['name']}: {sent['content'].splitlines()[0]}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(main(Path(folder)))
