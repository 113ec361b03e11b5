"""Files and folders of the host: where devenv keeps things, how they are written, how they are watched."""
