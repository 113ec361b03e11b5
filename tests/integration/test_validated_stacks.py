"""Every stack that comes with devenv, and the example, hold to what `devenv validate --all` asks of anybody's."""

from __future__ import annotations

from pathlib import Path

from support.programs import missing, require_tool

from devenv.workflows.validate_all import Report, ValidateRequest, validate_all

REPOSITORY = Path(__file__).parents[2]
OWN = """\
databases:
  pg: {engine: postgres}
  my: {engine: mysql}
  ch: {engine: clickhouse}
  rd: {engine: redis}
  nt: {engine: nats}
services:
  web: {image: "registry.example/web:1.0", ports: {http: 8080}}
"""


def clean(project: Path) -> Report:
    require_tool("helm")
    require_tool("kubectl")
    report = validate_all(ValidateRequest(project))
    if left := [note for note in report.notes if "is not on this machine yet" in note]:
        missing("; ".join(left))
    assert (report.faults, report.notes) == ((), ())
    return report


def test_every_stack_is_clean(tmp_path: Path) -> None:
    names = sorted(folder.parent.name for folder in (REPOSITORY / "stacks").glob("*/*/stack.yaml"))
    listed = "".join(f"  - {{name: {name}}}\n" for name in names)
    (tmp_path / "devenv.yaml").write_text(f"project: whole\nstacks:\n{listed}{OWN}")
    assert clean(tmp_path).objects > 500


def test_the_example_is_clean() -> None:
    assert clean(REPOSITORY / "examples" / "alt").profiles == ("dev", "staging", "prod")
