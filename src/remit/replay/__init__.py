"""Replay: recorded agent runs, decided call by call by a real Remit, and scored."""
