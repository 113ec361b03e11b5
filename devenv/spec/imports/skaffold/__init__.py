"""Skaffold configurations: https://skaffold.dev/docs/references/yaml/, schemas v2beta1 to v4beta14.

From the file to the stacks. In `file`, `documents` reads, `profiles` and `patches` make what is active of it, `modules`
follows `requires`, and `config` is the model of one configuration. `artifacts` makes images of it, `releases` and
`plain_manifests` stacks, `hooks` their hooks, and `reading` puts them together.
"""
