"""One small module a framework, imported only where it is asked for."""
