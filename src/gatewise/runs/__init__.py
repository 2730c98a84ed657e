"""Run folders: the only writer of result files."""
