"""The queries behind the pages, one module a subject. Each runs under row-level security, in the caller's provider."""
