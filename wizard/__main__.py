"""`python -m wizard`."""

from wizard.cli.app import main

if __name__ == "__main__":
    main()
