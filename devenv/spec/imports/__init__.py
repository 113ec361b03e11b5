"""Files of other tools, translated anew at each run into what devenv.yaml and stack.yaml would say of the same.

`imported` is what every kind of import gives, `reading` asks each for it and puts it beside what the project says
itself; a folder for each kind holds what is known of that tool. Nothing else in `spec` knows that there are imports.
"""
