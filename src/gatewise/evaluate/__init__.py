"""Judging a model on origins that it never saw: backtest, baselines, leaderboard, verdict."""
