"""Real servers on this machine, without containers: for the embedded mode and for tests."""
