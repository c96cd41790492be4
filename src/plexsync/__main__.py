"""`python -m plexsync` is the command `plexsync`."""

from plexsync.cli import main

if __name__ == "__main__":
    main()
