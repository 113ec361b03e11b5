"""The start page: one server on the developer's machine, which shows a project and runs what is safe to run."""
