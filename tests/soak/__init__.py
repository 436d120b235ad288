"""A bounded load on loopback, through real servers: see ``run.py`` and ``ci/soak``."""
