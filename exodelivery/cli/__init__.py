"""Floor 10: the verbs in the shell, one a file: the words and options of Python, plain text out, no logic of their own.

Every command returns a number for the shell: 0 when all is well, 1 when ``check`` finds errors or a run fails, 2 with
one clear sentence on misuse, 130 after Ctrl-C. Notes and errors go to the error stream, so that results can be piped.
"""
