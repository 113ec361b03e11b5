#!/bin/sh
# Copies what kube-proxy and the pod network call, and the libraries that those programs load, from the packages that
# are installed here to an empty root file system: FOLDER. It must add nothing that neither of them runs.
#
# Usage: programs.sh FOLDER PACKAGE...
set -eu

folder=$1
shift

mkdir -p "$folder/usr/bin" "$folder/usr/sbin" "$folder/usr/lib" "$folder/usr/lib64" "$folder/etc" "$folder/run" "$folder/tmp"
for name in bin sbin lib lib64; do ln -s "usr/$name" "$folder/$name"; done
cp /etc/protocols /etc/services /etc/nsswitch.conf /etc/passwd /etc/group "$folder/etc/"

lists=$(mktemp -d)
# The links that update-alternatives makes belong to no package.
{
  dpkg -L "$@" | grep -E '^(/usr)?/s?bin/|^/usr/lib/.*\.so'
  ls -d /usr/sbin/ip*tables* /etc/alternatives/ip*tables*
} | while read -r path; do
  if [ -e "$path" ] && [ ! -d "$path" ]; then echo "$path"; fi
done >"$lists/programs"

# ldd fails on what is no dynamic executable: a script, say.
xargs -n1 readlink -f <"$lists/programs" | sort -u | while read -r program; do
  if loaded=$(ldd "$program" 2>&1); then echo "$loaded" | grep -oE '/[^ ]+'; fi
done | sort -u >"$lists/libraries"
xargs -n1 readlink -f <"$lists/libraries" >"$lists/targets"

sort -u "$lists/programs" "$lists/libraries" "$lists/targets" | sed 's#^/##' >"$lists/all"
tar -C / --no-recursion --files-from="$lists/all" -cf "$lists/all.tar"
tar -C "$folder" -xf "$lists/all.tar"
rm -r "$lists"

# ipset asks the kernel even for its version, which a build may not.
for program in iptables ip6tables nft conntrack; do chroot "$folder" "/usr/sbin/$program" --version; done
