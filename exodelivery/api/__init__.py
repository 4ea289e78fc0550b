"""Floor 10: the verbs, one a file, the one door for notebooks and scripts; the shell opens onto the same words.

Each verb looks its names up on the shelves and hands nouns to the floor that does the work; no logic lives here.
"""
