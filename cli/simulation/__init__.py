"""People of a small shop, for trying out: who they are, what they do, and posting it to a collector.

Owns made-up traffic and the demo's segments. Everything goes over HTTP, as any sender's would; what is made is pure and
follows from a seed (`calls`), only `poster` and `run` touch the network and the clock.
"""
