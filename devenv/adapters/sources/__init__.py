"""What `stack_sources` name, brought into a folder of the cache: from Git repositories and registries.

Responsible for fetching exactly what is asked for, and for letting nothing of it lead out of its folder. What may be
used is decided by `devenv.spec.sources`.
"""
