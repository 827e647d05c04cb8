"""What tests of the whole stand on: every service a process of its own. Never part of what runs in production."""
