"""What a new project, or a new stack, is written as: from templates, or from what a folder holds.

Responsible for what is to be written, as data. It writes nothing.
"""
