"""A task of devenv.yaml: a command of this machine that is part of bringing the environment up. As data."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from devenv.spec.model import DnsLabel, Duration, Port, SpecModel, Text, WrittenText
from devenv.spec.services.container import VariableName, short_form
from devenv.spec.tasks.host_command import HostCommand, Trigger, shown_command


class ServeReady(SpecModel):
    """When what is served is ready; exactly one of http, tcp and exec."""

    http: Annotated[str, StringConstraints(pattern=r"^http://\S+$")] | None = None
    """An address that answers with a status from 200 to 399."""
    tcp: Port | None = None
    """A port of this machine's loopback that takes connections."""
    exec: HostCommand | None = None
    """A command that ends with status 0."""
    starts_within: Duration = timedelta(minutes=1)
    """How long it may take until then."""

    @model_validator(mode="after")
    def _exactly_one(self) -> ServeReady:
        if sum(way is not None for way in (self.http, self.tcp, self.exec)) != 1:
            raise ValueError("exactly one of http, tcp and exec is expected")
        return self


class Task(SpecModel):
    """One task: what runs to its end, what `devenv dev` keeps running, or both, one after the other."""

    run: HostCommand | None = None
    """A program and its arguments, or a text for `sh`, that ends by itself."""
    serve: HostCommand | None = None
    """The same, that runs as long as `devenv dev` does, and is started anew when `deps` are saved."""
    ready: Annotated[ServeReady, short_form("http", str, str | ServeReady)] | None = None
    """When `serve` is ready, for those who need it; at once where nothing is said."""
    deps: tuple[Text, ...] = ()
    """Files and folders that it reads: while they stay the same it is not run again. Without any it runs in every
    `devenv up`."""
    outputs: tuple[Text, ...] = ()
    """Files and folders that it makes: it runs again where one is gone, and they do not count among `deps`."""
    needs: tuple[DnsLabel, ...] = ()
    """Tasks that come first, and stacks, services and databases that must be ready."""
    env: dict[VariableName, WrittenText] = {}
    """Variables over those of the shell that devenv was started in."""
    dir: Text = "."
    """The folder that it runs in, relative to devenv.yaml."""
    deadline: Duration = timedelta(minutes=10)
    """How long `run` may take."""
    dev: Trigger = "auto"
    """Whether `devenv dev` runs it by itself when `deps` are saved, or waits for `devenv dev trigger NAME`."""
    ci: bool = Field(default=True, strict=True)
    """Whether it runs where the variable CI is set."""

    @model_validator(mode="after")
    def _something(self) -> Task:
        if self.run is None and self.serve is None:
            raise ValueError("run or serve is expected")
        if self.serve is None and self.ready:
            raise ValueError("ready goes with serve")
        if self.run is None and self.outputs:
            raise ValueError("outputs goes with run")
        return self

    @property
    def shown(self) -> str:
        """What the user is asked to agree to before `run`."""
        return shown_command(self.run or "", self.env, self.dir)

    @property
    def shown_serve(self) -> str:
        """The same before `serve`."""
        return shown_command(self.serve or "", self.env, self.dir)

    @property
    def url(self) -> str:
        """Where what it serves answers; empty where it does not say so."""
        return self.ready.http or "" if self.ready else ""

    @property
    def host_commands(self) -> tuple[str, ...]:
        """All that the user is asked to agree to before a loop is begun."""
        commands = (self.run, self.serve, self.ready.exec if self.ready else None)
        return tuple(shown_command(command, self.env, self.dir) for command in commands if command)
