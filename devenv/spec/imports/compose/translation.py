"""Services of a Compose file as services of devenv.yaml, each key with the line that it comes from.

Responsible for what a service as a whole comes to. What is wrong with the result is told by the same checks that
devenv.yaml gets; what is not carried over is noted here and by the modules of `parts`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

from devenv.spec.imports.compose.file.shapes import NOT_CARRIED
from devenv.spec.imports.compose.parts.building import exposed_ports, put_image
from devenv.spec.imports.compose.parts.grants import granted
from devenv.spec.imports.compose.parts.health import health_of
from devenv.spec.imports.compose.parts.known_images import known_ports
from devenv.spec.imports.compose.parts.mounts import Mounts, mounts_of
from devenv.spec.imports.compose.parts.names import mentioned_ports, renamed
from devenv.spec.imports.compose.parts.ports import Ports, published_ports
from devenv.spec.imports.compose.parts.resources import put_resources
from devenv.spec.imports.compose.sheet import Sheet, is_on, node_of, text_of
from devenv.spec.imports.compose.surroundings import Surroundings
from devenv.spec.yaml.positions import Node

_DEPLOY = ("endpoint_mode", "labels", "mode", "placement", "restart_policy", "rollback_config", "update_config")


def translate(sheet: Sheet, around: Surroundings) -> None:
    """Fill a service's sheet."""
    put_image(sheet, around.builds)
    for part in (_commands, _environment, _needs, _ports, _mounts, _health, _rest, _notes):
        part(sheet, around)
    put_resources(sheet)
    source = sheet.node
    sheet.put("namespace", around.namespace, source)
    sheet.put("pod_security", "baseline", source)
    if sheet.name in around.jobs:
        sheet.put("inherit_env", value=False, source=source)
        for key in ("ports", "health", "replicas"):
            sheet.made.pop(key, None)
    if aliases := around.aliases.get(sheet.name):
        sheet.put("aliases", aliases, source)
    _extend(sheet, around.extensions.get(sheet.name))


def escaped(text: str) -> str:
    """A text in which Kubernetes finds no reference to a variable: `$(NAME)` is one there, and none for Compose."""
    return re.sub(r"\$(?=[$(])", "$$", text)


def _commands(sheet: Sheet, around: Surroundings) -> None:
    for key, theirs in (("command", "entrypoint"), ("args", "command")):
        node = sheet.find(theirs)
        if node is None:
            continue
        try:
            words = (
                [text_of(item) for item in node.value] if isinstance(node.value, list) else shlex.split(text_of(node))
            )
        except ValueError as error:
            sheet.problem((theirs,), f"it cannot be taken apart: {error}".lower(), "write a list: [PROGRAM, ARGUMENT]")
            continue
        sheet.put(key, [escaped(renamed(word, around.renamed)) for word in words], node)


def _environment(sheet: Sheet, around: Surroundings) -> None:
    made: dict[str, Node] = {}
    for name, node in around.variables[sheet.name].items():
        text = renamed(text_of(node), around.renamed)
        made[name] = node_of(escaped(text), node)
    if made:
        sheet.made["env"] = node_of(made, sheet.find("environment") or sheet.find("env_file") or sheet.node)


def _needs(sheet: Sheet, around: Surroundings) -> None:
    needs: dict[str, Node] = {}
    before: dict[str, Node] = {}
    for name, node in sheet.entries("depends_on").items():
        if name in around.left_out:
            _left_out(sheet, name, node, needs, around)
        elif name in around.names:
            condition = node.child("condition")
            ended = condition is not None and condition.value == "service_completed_successfully"
            (before if ended else needs)[around.names[name]] = node_of(around.names[name], node)
            if is_on(node.child("restart")):
                sheet.note(("depends_on", name), f"it is not restarted with {name}", "its pods go on")
        elif (required := node.child("required")) is None or is_on(required):
            _missing(sheet, name, around)
    for name, node in _linked(sheet, around):
        needs.setdefault(name, node_of(name, node))
    source = sheet.find("depends_on") or sheet.find("links") or sheet.node
    for key, found in (("needs", needs), ("before", before)):
        if found:
            sheet.made[key] = node_of(list(found.values()), source)


def _linked(sheet: Sheet, around: Surroundings) -> Iterator[tuple[str, Node]]:
    """Services that it is linked to, or has a volume of."""
    for index, node in enumerate(sheet.items("links")):
        name = text_of(node).partition(":")[0]
        if name in around.names:
            yield around.names[name], node
        else:
            sheet.problem(("links", index), f"there is no service {name}")
    for mount in mounts_of(sheet):
        owner = around.owners.get(mount.source) if mount.kind == "volume" else None
        if owner and owner.service != sheet.name:
            yield owner.name, mount.node


def _missing(sheet: Sheet, name: str, around: Surroundings) -> None:
    written = sheet.document.find(("services", name))
    if written is None:
        sheet.problem(("depends_on", name), f"there is no service {name}", f"services: {', '.join(around.names)}")
    elif profiles := written.child("profiles"):
        message = f"{name} is of another profile"
        sheet.problem(
            ("depends_on", name),
            message,
            f"imports: {{profiles: [{', '.join(map(str, profiles.data()))}]}} in devenv.yaml brings it",
        )


def _left_out(sheet: Sheet, name: str, node: Node, needs: dict[str, Node], around: Surroundings) -> None:
    """A service that devenv.yaml leaves out, or has something of its own for."""
    if name in around.others:
        needs[name] = node_of(name, node)
    else:
        sheet.note(("depends_on", name), f"{name} is left out", "it is not waited for")


def _ports(sheet: Sheet, around: Surroundings) -> None:
    ports = Ports.of(around.names[sheet.name])
    for port in published_ports(sheet):
        if port.protocol != "tcp":
            sheet.note(
                ("ports", port.index), f"the {port.protocol} port {port.port} is not carried over", "TCP ports are"
            )
        elif ports.publish(port) == "tcp":
            instead = f"devenv forward {around.names[sheet.name]} {port.port}"
            sheet.note(("ports", port.index), f"{port.port} speaks no plain HTTP, so no URL leads to it", instead)
    certain = bool(ports.made)
    for number, node in _further_ports(sheet, around):
        ports.open(number, node)
        certain = True
    for number in exposed_ports(sheet) if not ports.made else ():
        ports.open(number, sheet.find("build") or sheet.node)
    if ports.made:
        sheet.made["ports"] = node_of(ports.made, sheet.find("ports") or sheet.find("expose") or sheet.node)
        if not certain:  # it may listen on none of them
            sheet.put("health", value=False, source=sheet.node)


def _further_ports(sheet: Sheet, around: Surroundings) -> Iterator[tuple[int, Node]]:
    """Ports that are exposed, that the image is known for, and that others speak of."""
    for node in sheet.items("expose"):
        number = text_of(node).partition("/")[0]
        if number.isdecimal():
            yield int(number), node
    if image := sheet.find("image"):
        yield from ((number, image) for number in known_ports(text_of(image)))
    hosts = {sheet.name, around.names[sheet.name], *around.aliases.get(sheet.name, ())}
    for other, texts in around.texts.items():
        for host in sorted(hosts) if other != sheet.name else ():
            yield from ((number, sheet.node) for number in mentioned_ports(host, texts))


def _mounts(sheet: Sheet, around: Surroundings) -> None:
    owners = {volume: owner for volume, owner in around.owners.items() if owner.service != sheet.name}
    mounts = Mounts.of(sheet, owners)
    files = mounts.files
    for grant in granted(sheet):
        files[grant.path] = grant.source
        around.secrets += [grant.secret] if grant.secret else []
    source = sheet.find("volumes") or sheet.node
    if files:
        sheet.made["files"] = node_of(files, sheet.find("volumes") or sheet.find("configs") or source)
    if volumes := {path: node for path, node in mounts.volumes.items() if path not in files and path != "/tmp"}:  # noqa: S108
        sheet.made["volumes"] = node_of(volumes, source)


def _health(sheet: Sheet, around: Surroundings) -> None:
    if sheet.name in around.jobs:
        return
    made = sheet.made.get("ports")
    ports = {name: int(port["port"]) for name, port in (made.data() if made else {}).items()}
    if found := health_of(sheet, ports):
        sheet.put("health", *found)


def _rest(sheet: Sheet, around: Surroundings) -> None:
    sheet.put("read_only", is_on(sheet.find("read_only")), sheet.find("read_only") or sheet.node)
    if node := sheet.find("working_dir"):
        sheet.made["working_dir"] = node
    if node := sheet.find("user"):
        _user(sheet, node)
    replicas = sheet.find("deploy", "replicas") or sheet.find("scale")
    if replicas:
        text = text_of(replicas)
        sheet.put("replicas", int(text) if text.isdecimal() else text, replicas)
    restart = sheet.text("restart")
    once = restart in ("no", "false") or (restart or "").startswith("on-failure")
    if once and sheet.name not in around.jobs:
        instead = "what ends is started again; what others wait for by service_completed_successfully runs once"
        sheet.note(("restart",), f"restart: {restart} is not carried over", instead)


def _user(sheet: Sheet, node: Node) -> None:
    user, _, group = text_of(node).partition(":")
    if user in ("root", "0"):
        sheet.put("user", 0, node)
    elif user.isdecimal():
        sheet.put("user", int(user), node)
    else:
        sheet.note(("user",), f"the number of the user {user or 'none'} is not known", "it runs as the image says")
    if group and group != user and user.isdecimal() and user != "0":
        sheet.note(("user",), f"the group {group} is not carried over", f"its group is {user}")


def _notes(sheet: Sheet, around: Surroundings) -> None:
    for key, node in sheet.entries().items():
        if key in NOT_CARRIED and node.value not in (None, False, [], {}, "", "false") and key != "networks":
            sheet.note((key,), f"{key} is not carried over", NOT_CARRIED[key])
    if any(name != "default" for name in sheet.entries("networks")):
        sheet.note(("networks",), "networks are not kept apart", NOT_CARRIED["networks"])
    for key in _DEPLOY:
        deployed = sheet.find("deploy", key)
        if deployed and text_of(deployed) != "replicated":
            sheet.note(("deploy", key), f"deploy.{key} is not carried over", "it is a Deployment, updated pod by pod")
    for key in ("ports", "healthcheck") if sheet.name in around.jobs else ():
        if sheet.find(key):
            sheet.note((key,), f"{key} is not carried over", "others wait until it has ended, so it runs once")
    _names(sheet, around)


def _names(sheet: Sheet, around: Surroundings) -> None:
    """Tell of names that it has not, or has otherwise."""
    here = around.names[sheet.name]
    if here != sheet.name:
        instead = f"it is {here}, and so it is in the variables and commands of the others"
        sheet.note((), f"no service can be called {sheet.name} here", instead)
    for key in ("hostname", "container_name"):
        text = sheet.text(key)
        if text and text not in (sheet.name, here, *around.aliases.get(sheet.name, ())):
            sheet.note((key,), f"{key} is not carried over", f"it is called {here}")


def _extend(sheet: Sheet, extension: Node | None) -> None:
    """What the file itself says to devenv goes over all else."""
    keys = extension.value if extension and isinstance(extension.value, Mapping) else {}
    for key, node in keys.items():
        below = sheet.made.get(key)
        if below and isinstance(below.value, Mapping) and isinstance(node.value, Mapping) and key != "health":
            sheet.made[key] = node_of({**below.value, **node.value}, below)
        else:
            sheet.made[key] = node
    if "image" in keys:
        sheet.made.pop("build", None)
