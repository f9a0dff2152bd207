"""The demo, as a newcomer plays it: every decision of its story is as its text says."""

import subprocess
import sys


def test_every_decision_of_the_story_is_as_it_tells() -> None:
    played = subprocess.run(
        [sys.executable, "-m", "remit.cli", "demo", "--once"], capture_output=True, text=True, timeout=240, check=False
    )
    assert played.returncode == 0, played.stdout + played.stderr
    assert "every decision was as expected" in played.stdout
