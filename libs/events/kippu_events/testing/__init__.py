"""What tests of any service stand on: real servers, fresh databases. Never part of what runs in production."""
