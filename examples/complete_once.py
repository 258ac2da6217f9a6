"""A first completion, from the GitLab in GITLAB_URL with the token in GITLAB_TOKEN.

Without GITLAB_URL it comes from an emulator on this machine, which needs
`pip install 'gitlab-completions[emulator]'`.
"""

import asyncio
import os

from gitlab_completions import CompletionClient, CompletionRequest, RoutingPolicy
from gitlab_completions.emulator import Emulator

ABOVE = """\
def area(width, height):
    return width * height


def volume(width, height, depth):
    return width *"""


async def complete_once(client: CompletionClient) -> None:
    request = CompletionRequest(file_name="boxes.py", content_above_cursor=ABOVE)
    completion = await client.complete(request)
    print(completion.text)
    print(f"{completion.route}, {completion.reason}, {completion.elapsed_s:.3f} s")


async def main() -> None:
    if os.environ.get("GITLAB_URL"):
        async with CompletionClient.from_env() as client:
            await complete_once(client)
        return
    plain = RoutingPolicy(allow_plain_http=True)  # the emulator has no certificate
    async with (
        Emulator() as gitlab,
        CompletionClient(
            gitlab.instance_url, gitlab.access_token, policy=plain
        ) as client,
    ):
        await complete_once(client)


if __name__ == "__main__":
    asyncio.run(main())
