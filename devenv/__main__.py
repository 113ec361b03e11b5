"""Entry point of `python -m devenv`."""

from devenv.cli.main import main

if __name__ == "__main__":
    main()
