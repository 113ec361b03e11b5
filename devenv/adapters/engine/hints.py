"""How a user gets a container engine on a system where devenv does not install it: instructions as text."""

from __future__ import annotations

from devenv.adapters.host.system import Host

_GROUP = 'sudo usermod -aG docker "$USER"    # then log in again'
_STEPS = {
    "debian": f"sudo apt-get install --no-install-recommends docker.io debootstrap iptables && {_GROUP}",
    "fedora": f"sudo dnf install moby-engine && sudo systemctl enable --now docker && {_GROUP}",
    "rhel": "install Docker's own packages: https://docs.docker.com/engine/install/rhel/",
    "arch": f"sudo pacman -S docker && sudo systemctl enable --now docker.socket && {_GROUP}",
    "alpine": "sudo apk add docker && sudo rc-update add docker && sudo service docker start",
    "suse": f"sudo zypper install docker && sudo systemctl enable --now docker && {_GROUP}",
}
_MAC = "brew install colima docker && colima start --cpu 4 --memory 8    # or start Docker Desktop"
_OTHER = "install Docker Engine and start it: https://docs.docker.com/engine/install/"
PERMISSION_STEPS = _GROUP


def start_steps(host: Host) -> str:
    """The command that starts the engine which is installed on this system."""
    if host.system == "darwin":
        return "colima start    # or start Docker Desktop"
    command = "sudo systemctl start docker" if host.systemd else "sudo service docker start"
    return f"{command}    # or start Docker Desktop"


def install_steps(host: Host) -> str:
    """The commands that install and start an engine on this system."""
    if host.system == "darwin":
        return _MAC
    families = [family.removeprefix("opensuse-") for family in host.os_like]
    return next((_STEPS[family] for family in families if family in _STEPS), _OTHER)
