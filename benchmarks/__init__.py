"""Each figure of the project by one command: `python -m benchmarks [NAME…]`; ratios to a peer in the same run."""
