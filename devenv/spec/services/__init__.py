"""Services and databases of devenv.yaml, which are translated into stacks: nothing below `spec` knows them."""
