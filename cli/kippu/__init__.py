"""The command line and the composition root: the only place that knows all services and puts them together."""
