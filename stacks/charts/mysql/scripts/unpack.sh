#!/bin/sh
# Puts the folders together that devenv has carried here in parts: /packed/NAME/… becomes /files/NAME.
set -eu
for packed in /packed/*; do
  folder=/files/${packed##*/}
  mkdir -p "$folder"
  # An empty folder is carried too, and without devenv there is none.
  [ -z "$(ls "$packed")" ] || cat "$packed"/* | tar --extract --gzip --directory "$folder"
done
