"""orjson, imported while no Ctrl-C can come: one that comes while it is being imported makes the process crash."""

import signal

__all__ = ["orjson"]

_before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
try:
    import orjson
finally:
    signal.pthread_sigmask(signal.SIG_SETMASK, _before)
