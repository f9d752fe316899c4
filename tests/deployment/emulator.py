"""The process that stands for AWS: ministack, with what it lacks added. Settings come from the environment."""

from ministack.app import main

import gaps

if __name__ == "__main__":
    gaps.close_all()
    main()
