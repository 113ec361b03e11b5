#!/bin/sh
# Responsible for the Debian base images: bootstraps SUITE and prints its root file system as a tar on standard
# output, ready for `docker import -`. Progress and problems go to standard error. It must not talk to the engine and
# leaves nothing on the host.
#
# Usage: import.sh SUITE          (as root; needs debootstrap)
# MIRROR and SECURITY_MIRROR in the environment replace the default mirrors.
set -eu

suite=${1:?usage: import.sh SUITE}
mirror=${MIRROR:-http://deb.debian.org/debian}
security=${SECURITY_MIRROR:-http://deb.debian.org/debian-security}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
root=$work/root
chmod 755 "$work"

# Standard output belongs to the tar alone.
debootstrap --variant=minbase --keyring="$keyring" "$suite" "$root" "$mirror" >&2

cat >"$root/etc/apt/sources.list" <<SOURCES
deb [signed-by=$keyring] $mirror $suite main
deb [signed-by=$keyring] $mirror $suite-updates main
deb [signed-by=$keyring] $security $suite-security main
SOURCES

# Package archives stay in /var/cache/apt, because builds mount a cache there; translations are never read.
cat >"$root/etc/apt/apt.conf.d/50image" <<'APT'
APT::Install-Recommends "0";
APT::Install-Suggests "0";
APT::AutoRemove::SuggestsImportant "0";
APT::Keep-Downloaded-Packages "1";
Acquire::Languages "none";
DPkg::Use-Pty "0";
APT

# Copyright files stay, as licences ask.
cat >"$root/etc/dpkg/dpkg.cfg.d/50image" <<'DPKG'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/groff/*
path-exclude /usr/share/info/*
path-exclude /usr/share/lintian/*
path-exclude /usr/share/linda/*
path-exclude /usr/share/locale/*
DPKG

# Packages must not start daemons while an image is built.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"

chroot "$root" apt-get update >&2
chroot "$root" apt-get -y dist-upgrade >&2
chroot "$root" dpkg-query -W -f '${Package} ${Version}\n' >&2

# What dpkg would leave out from now on, debootstrap has unpacked already; and host names, logs and caches are no part
# of an image. Device nodes come from the engine.
find "$root/usr/share/doc" -type f ! -name copyright -delete
find "$root/usr/share/doc" -type l -delete
find "$root/usr/share/doc" -type d -empty -delete
for folder in man groff info lintian linda locale; do
  if [ -d "$root/usr/share/$folder" ]; then
    find "$root/usr/share/$folder" -mindepth 1 -delete
  fi
done
find "$root/var/log" -type f -delete
find "$root/var/lib/apt/lists" "$root/var/cache/apt" "$root/var/cache/debconf" -mindepth 1 -type f -delete
rm -f "$root/etc/resolv.conf" "$root/etc/hostname"
: >"$root/etc/machine-id"

tar --create --numeric-owner --sort=name --one-file-system \
  --directory="$root" --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' .
