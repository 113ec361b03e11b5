"""`devenv pull`."""

from __future__ import annotations

from pathlib import Path

from devenv.cli.options import AsJson, Directory, ImagesMode, ImagesOption, NoWait, ProfileOption, Yes


def pull(
    *,
    directory: Directory = Path(),
    yes: Yes = False,
    profile: ProfileOption = None,
    images: ImagesOption = ImagesMode.AUTO,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Fetch and build all that `devenv up` will need, and start nothing.

    Tools, charts and images are then on this machine: for the way to work without a network, or for the image that
    CI starts from. What is there already is not fetched again. With --json, events are printed as JSON lines
    (docs/events.md).

    Examples: `devenv pull`, `devenv pull --profile staging`.
    """
    from devenv.cli import wiring
    from devenv.workflows.pull import PullRequest
    from devenv.workflows.pull import pull as run_pull

    request = PullRequest(directory, yes, profile, images.value)
    with wiring.run_session("pull", as_json=as_json, wait=not no_wait) as session:
        run_pull(request, session)
