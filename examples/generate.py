"""A generation in the terminal, word by word as the model makes it.

It comes from the GitLab in GITLAB_URL with the token in GITLAB_TOKEN; without
GITLAB_URL from an emulator on this machine, whose model repeats what it has read, and
which needs `pip install 'gitlab-completions[emulator]'`. Ctrl-C ends it.
"""

import asyncio
import os

from gitlab_completions import (
    CompletionClient,
    CompletionRequest,
    GenerationType,
    Intent,
    RoutingPolicy,
    StreamBrokenError,
)
from gitlab_completions.emulator import Emulator

ABOVE = """\
# The volume of a box: width * height * depth.
def area(width, height):
    return width * height


# The volume of a box:"""


async def generate(client: CompletionClient) -> None:
    request = CompletionRequest(
        file_name="boxes.py",
        content_above_cursor=ABOVE,
        intent=Intent.GENERATION,
        generation_type=GenerationType.COMMENT,
        user_instruction="Write the function that the comment describes.",
    )
    async with client.stream(request) as stream:
        try:
            async for piece in stream:
                print(piece, end="", flush=True)
        except StreamBrokenError as error:
            print(f"\n{error}: {len(error.text)} characters had come")
            return
        completion = await stream.completion()
    model = completion.model.name if completion.model else "a model without a name"
    print(f"\n{model}, {completion.route}, {completion.elapsed_s:.3f} s")


async def main() -> None:
    if os.environ.get("GITLAB_URL"):
        async with CompletionClient.from_env() as client:
            await generate(client)
        return
    plain = RoutingPolicy(allow_plain_http=True)  # the emulator has no certificate
    async with Emulator() as gitlab:
        gitlab.settings.stream_gap_s = 0.05  # a model takes its time
        async with CompletionClient(
            gitlab.instance_url, gitlab.access_token, policy=plain
        ) as client:
            await generate(client)


if __name__ == "__main__":
    asyncio.run(main())
