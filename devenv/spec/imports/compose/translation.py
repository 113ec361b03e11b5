"""Services of a Compose file as services of devenv.yaml, each key with the line that it comes from.

Responsible for what a service as a whole comes to. What is wrong with the result is told by the same checks that
devenv.yaml gets; what is not carried over is noted here and by the modules of `parts`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

from devenv.spec.imports.compose.draft import ServiceDraft, is_on, node_of, text_of
from devenv.spec.imports.compose.file.shapes import NOT_CARRIED
from devenv.spec.imports.compose.parts.building import exposed_ports, put_image
from devenv.spec.imports.compose.parts.grants import granted
from devenv.spec.imports.compose.parts.health import health_of
from devenv.spec.imports.compose.parts.known_images import known_ports
from devenv.spec.imports.compose.parts.mounts import Mounts, mounts_of
from devenv.spec.imports.compose.parts.names import mentioned_ports, renamed
from devenv.spec.imports.compose.parts.ports import Ports, published_ports
from devenv.spec.imports.compose.parts.resources import put_resources
from devenv.spec.imports.compose.surroundings import Surroundings
from devenv.spec.yaml.positions import Node

_DEPLOY = ("endpoint_mode", "labels", "mode", "placement", "restart_policy", "rollback_config", "update_config")


def translate(draft: ServiceDraft, around: Surroundings) -> None:
    """Fill a service's draft."""
    put_image(draft, around.builds)
    for part in (_commands, _environment, _needs, _ports, _mounts, _health, _rest, _notes):
        part(draft, around)
    put_resources(draft)
    source = draft.node
    draft.put("namespace", around.namespace, source)
    draft.put("pod_security", "baseline", source)
    if draft.name in around.jobs:
        draft.put("inherit_env", value=False, source=source)
        for key in ("ports", "health", "replicas"):
            draft.made.pop(key, None)
    if aliases := around.aliases.get(draft.name):
        draft.put("aliases", aliases, source)
    _extend(draft, around.extensions.get(draft.name))


def escaped(text: str) -> str:
    """A text in which Kubernetes finds no reference to a variable: `$(NAME)` is one there, and none for Compose."""
    return re.sub(r"\$(?=[$(])", "$$", text)


def _commands(draft: ServiceDraft, around: Surroundings) -> None:
    for key, theirs in (("command", "entrypoint"), ("args", "command")):
        node = draft.find(theirs)
        if node is None:
            continue
        try:
            words = (
                [text_of(item) for item in node.value] if isinstance(node.value, list) else shlex.split(text_of(node))
            )
        except ValueError as error:
            draft.problem((theirs,), f"it cannot be taken apart: {error}".lower(), "write a list: [PROGRAM, ARGUMENT]")
            continue
        draft.put(key, [escaped(renamed(word, around.renamed)) for word in words], node)


def _environment(draft: ServiceDraft, around: Surroundings) -> None:
    made: dict[str, Node] = {}
    for name, node in around.variables[draft.name].items():
        text = renamed(text_of(node), around.renamed)
        made[name] = node_of(escaped(text), node)
    if made:
        draft.made["env"] = node_of(made, draft.find("environment") or draft.find("env_file") or draft.node)


def _needs(draft: ServiceDraft, around: Surroundings) -> None:
    needs: dict[str, Node] = {}
    before: dict[str, Node] = {}
    for name, node in draft.entries("depends_on").items():
        if name in around.left_out:
            _left_out(draft, name, node, needs, around)
        elif name in around.names:
            condition = node.child("condition")
            ended = condition is not None and condition.value == "service_completed_successfully"
            (before if ended else needs)[around.names[name]] = node_of(around.names[name], node)
            if is_on(node.child("restart")):
                draft.note(("depends_on", name), f"it is not restarted with {name}", "its pods go on")
        elif (required := node.child("required")) is None or is_on(required):
            _missing(draft, name, around)
    for name, node in _linked(draft, around):
        needs.setdefault(name, node_of(name, node))
    source = draft.find("depends_on") or draft.find("links") or draft.node
    for key, found in (("needs", needs), ("before", before)):
        if found:
            draft.made[key] = node_of(list(found.values()), source)


def _linked(draft: ServiceDraft, around: Surroundings) -> Iterator[tuple[str, Node]]:
    """Services that it is linked to, or has a volume of."""
    for index, node in enumerate(draft.items("links")):
        name = text_of(node).partition(":")[0]
        if name in around.names:
            yield around.names[name], node
        else:
            draft.problem(("links", index), f"there is no service {name}")
    for mount in mounts_of(draft):
        owner = around.owners.get(mount.source) if mount.kind == "volume" else None
        if owner and owner.service != draft.name:
            yield owner.name, mount.node


def _missing(draft: ServiceDraft, name: str, around: Surroundings) -> None:
    written = draft.document.find(("services", name))
    if written is None:
        draft.problem(("depends_on", name), f"there is no service {name}", f"services: {', '.join(around.names)}")
    elif profiles := written.child("profiles"):
        message = f"{name} is of another profile"
        draft.problem(
            ("depends_on", name),
            message,
            f"imports: {{profiles: [{', '.join(map(str, profiles.data()))}]}} in devenv.yaml brings it",
        )


def _left_out(draft: ServiceDraft, name: str, node: Node, needs: dict[str, Node], around: Surroundings) -> None:
    """A service that devenv.yaml leaves out, or has something of its own for."""
    if name in around.others:
        needs[name] = node_of(name, node)
    else:
        draft.note(("depends_on", name), f"{name} is left out", "it is not waited for")


def _ports(draft: ServiceDraft, around: Surroundings) -> None:
    ports = Ports.of(around.names[draft.name])
    for port in published_ports(draft):
        if port.protocol != "tcp":
            draft.note(
                ("ports", port.index), f"the {port.protocol} port {port.port} is not carried over", "TCP ports are"
            )
        elif ports.publish(port) == "tcp":
            instead = f"devenv forward {around.names[draft.name]} {port.port}"
            draft.note(("ports", port.index), f"{port.port} speaks no plain HTTP, so no URL leads to it", instead)
    certain = bool(ports.made)
    for number, node in _further_ports(draft, around):
        ports.open(number, node)
        certain = True
    for number in exposed_ports(draft) if not ports.made else ():
        ports.open(number, draft.find("build") or draft.node)
    if ports.made:
        draft.made["ports"] = node_of(ports.made, draft.find("ports") or draft.find("expose") or draft.node)
        if not certain:  # it may listen on none of them
            draft.put("health", value=False, source=draft.node)


def _further_ports(draft: ServiceDraft, around: Surroundings) -> Iterator[tuple[int, Node]]:
    """Ports that are exposed, that the image is known for, and that others speak of."""
    for node in draft.items("expose"):
        number = text_of(node).partition("/")[0]
        if number.isdecimal():
            yield int(number), node
    if image := draft.find("image"):
        yield from ((number, image) for number in known_ports(text_of(image)))
    hosts = {draft.name, around.names[draft.name], *around.aliases.get(draft.name, ())}
    for other, texts in around.texts.items():
        for host in sorted(hosts) if other != draft.name else ():
            yield from ((number, draft.node) for number in mentioned_ports(host, texts))


def _mounts(draft: ServiceDraft, around: Surroundings) -> None:
    owners = {volume: owner for volume, owner in around.owners.items() if owner.service != draft.name}
    mounts = Mounts.of(draft, owners)
    files = mounts.files
    for grant in granted(draft):
        files[grant.path] = grant.source
        around.secrets += [grant.secret] if grant.secret else []
    source = draft.find("volumes") or draft.node
    if files:
        draft.made["files"] = node_of(files, draft.find("volumes") or draft.find("configs") or source)
    if volumes := {path: node for path, node in mounts.volumes.items() if path not in files and path != "/tmp"}:  # noqa: S108
        draft.made["volumes"] = node_of(volumes, source)


def _health(draft: ServiceDraft, around: Surroundings) -> None:
    if draft.name in around.jobs:
        return
    made = draft.made.get("ports")
    ports = {name: int(port["port"]) for name, port in (made.data() if made else {}).items()}
    if found := health_of(draft, ports):
        draft.put("health", *found)


def _rest(draft: ServiceDraft, around: Surroundings) -> None:
    draft.put("read_only", is_on(draft.find("read_only")), draft.find("read_only") or draft.node)
    if node := draft.find("working_dir"):
        draft.made["working_dir"] = node
    if node := draft.find("user"):
        _user(draft, node)
    replicas = draft.find("deploy", "replicas") or draft.find("scale")
    if replicas:
        text = text_of(replicas)
        draft.put("replicas", int(text) if text.isdecimal() else text, replicas)
    restart = draft.text("restart")
    once = restart in ("no", "false") or (restart or "").startswith("on-failure")
    if once and draft.name not in around.jobs:
        instead = "what ends is started again; what others wait for by service_completed_successfully runs once"
        draft.note(("restart",), f"restart: {restart} is not carried over", instead)


def _user(draft: ServiceDraft, node: Node) -> None:
    user, _, group = text_of(node).partition(":")
    if user in ("root", "0"):
        draft.put("user", 0, node)
    elif user.isdecimal():
        draft.put("user", int(user), node)
    else:
        draft.note(("user",), f"the number of the user {user or 'none'} is not known", "it runs as the image says")
    if group and group != user and user.isdecimal() and user != "0":
        draft.note(("user",), f"the group {group} is not carried over", f"its group is {user}")


def _notes(draft: ServiceDraft, around: Surroundings) -> None:
    for key, node in draft.entries().items():
        if key in NOT_CARRIED and node.value not in (None, False, [], {}, "", "false") and key != "networks":
            draft.note((key,), f"{key} is not carried over", NOT_CARRIED[key])
    if any(name != "default" for name in draft.entries("networks")):
        draft.note(("networks",), "networks are not kept apart", NOT_CARRIED["networks"])
    for key in _DEPLOY:
        deployed = draft.find("deploy", key)
        if deployed and text_of(deployed) != "replicated":
            draft.note(("deploy", key), f"deploy.{key} is not carried over", "it is a Deployment, updated pod by pod")
    for key in ("ports", "healthcheck") if draft.name in around.jobs else ():
        if draft.find(key):
            draft.note((key,), f"{key} is not carried over", "others wait until it has ended, so it runs once")
    _names(draft, around)


def _names(draft: ServiceDraft, around: Surroundings) -> None:
    """Tell of names that it has not, or has otherwise."""
    here = around.names[draft.name]
    if here != draft.name:
        instead = f"it is {here}, and so it is in the variables and commands of the others"
        draft.note((), f"no service can be called {draft.name} here", instead)
    for key in ("hostname", "container_name"):
        text = draft.text(key)
        if text and text not in (draft.name, here, *around.aliases.get(draft.name, ())):
            draft.note((key,), f"{key} is not carried over", f"it is called {here}")


def _extend(draft: ServiceDraft, extension: Node | None) -> None:
    """What the file itself says to devenv goes over all else."""
    keys = extension.value if extension and isinstance(extension.value, Mapping) else {}
    for key, node in keys.items():
        below = draft.made.get(key)
        if below and isinstance(below.value, Mapping) and isinstance(node.value, Mapping) and key != "health":
            draft.made[key] = node_of({**below.value, **node.value}, below)
        else:
            draft.made[key] = node
    if "image" in keys:
        draft.made.pop("build", None)
