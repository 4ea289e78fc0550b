"""The tools that ours is compared with, one a file."""
