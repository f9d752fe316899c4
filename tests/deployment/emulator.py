"""Entry point of the AWS emulator: ministack with its gaps closed, configured by the environment."""

from ministack.app import main

import gaps

if __name__ == "__main__":
    gaps.close_all()
    main()
