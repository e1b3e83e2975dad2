"""The Faust side: the batch transport, the worker application, its agents and timers."""
