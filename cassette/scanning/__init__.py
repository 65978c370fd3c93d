"""Secrets in cassettes that exist already: found, and taken out."""
