"""Certificates of the site from an ACME authority. It knows neither pastes nor the mirror, and needs no database."""
