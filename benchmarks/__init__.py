"""What README claims about speed, runnable: `python -m benchmarks` makes its inputs, measures, and prints one table."""
