"""Runs checks one after the other, prints a line for each, and counts them."""

import logging
import sys
import traceback
from pathlib import Path


class Checks:
    """A named series of checks. Each is a function whose docstring is the promise that it checks."""

    def __init__(self, client):
        self.client = client
        self.passed = 0
        self.failed = 0
        # The Kloudless SDK logs every refused request; here refusals are what is asked for.
        logging.disable(logging.ERROR)

    def run(self, *checks):
        """Runs the checks in the given order. One that fails does not stop the next."""
        for check in checks:
            promise = " ".join(check.__doc__.split()).rstrip(".")
            try:
                check()
            except Exception as error:  # a failing check is a line of the report, whatever it died of
                self.failed += 1
                place = traceback.extract_tb(error.__traceback__)
                frame = next(frame for frame in place if frame.filename != __file__)
                text = " ".join(str(error).split()) or "no message"
                print(f"FAIL {self.client}: {promise} [{Path(frame.filename).name}:{frame.lineno}] {type(error).__name__}: {text[:600]}")
            else:
                self.passed += 1
                print(f"ok   {self.client}: {promise}")
            sys.stdout.flush()

    def finish(self):
        """Ends the program: exit code 0 only if there were checks and all of them passed."""
        sys.exit(0 if self.passed and not self.failed else 1)


def equal(got, expected, what=""):
    """Fails unless both are equal."""
    if got != expected:
        raise AssertionError(f"{what}: got {got!r}, expected {expected!r}")


def holds(condition, what):
    """Fails with `what` unless the condition holds."""
    if not condition:
        raise AssertionError(what)


def refused(expected, action):
    """Runs an action that has to raise `expected`, and hands back the exception."""
    try:
        result = action()
    except expected as error:
        return error
    raise AssertionError(f"was not refused, but answered {result!r:.300}")
