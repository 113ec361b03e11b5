"""What tests have of an environment: a Python API, a pytest plugin, and variables for tests in any language.

Above the workflows, beside the command line. A test run without it imports nothing of it but `plugin`, which is small.
"""
