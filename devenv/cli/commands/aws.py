"""`devenv aws`."""

from __future__ import annotations

import typer


def aws(context: typer.Context) -> None:
    """Run the AWS command line on this project's LocalStack: `devenv aws ARGUMENTS`.

    All arguments are its own, `--help` too. It is the `aws` on your PATH, with LocalStack's endpoint, region and keys;
    your profiles, your AWS_* variables and your files in ~/.aws are left aside, so that no real account is reached. The
    project is that of the current folder, or of the one in `devenv -C FOLDER aws`.

    Examples: `devenv aws s3 ls`, `devenv aws sqs list-queues --output table`.
    """
    from devenv.cli import wiring
    from devenv.cli.leading import leading_directory
    from devenv.cli.verbatim import become
    from devenv.workflows.tool_call import aws_call

    with wiring.run_session("aws") as session:
        call = aws_call(leading_directory(context), context.args, session)
    become(call)
