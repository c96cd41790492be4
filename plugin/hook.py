"""What Stash starts for each change, task and operation.

Python compiles this file at each start, but keeps the modules that it imports compiled; that is half of a hook's
time. So there is nothing here.
"""

from note import main

if __name__ == "__main__":
    main()
