"""HTTP: requests and their threads for portals and the desk, and the inbox of unmatched mail."""
