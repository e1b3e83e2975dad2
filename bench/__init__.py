"""Every figure that the README quotes: `make bench`, or `python -m bench.run NAME…` for some of them.

Everything runs on brokers, ports and directories of its own, which are gone at the end. Peers are measured in the same
run, on the same machine, with the same data.
"""
