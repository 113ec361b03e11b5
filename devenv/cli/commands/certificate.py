"""`devenv certificate`."""

from __future__ import annotations

import typer

from devenv.cli.options import AsJson


def certificate(*, as_json: AsJson = False) -> None:
    """Print the path of the local CA's certificate.

    The CA signs every project's HTTPS addresses. Trust it once in your browser, or: `curl --cacert $(devenv
    certificate) https://…`. It is made when it is missing.
    """
    import json

    from devenv.workflows.access.locations import local_ca_certificate

    path = local_ca_certificate()
    typer.echo(json.dumps({"certificate": str(path)}) if as_json else path)
