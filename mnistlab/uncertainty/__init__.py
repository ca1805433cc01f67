"""Calibrated confidence, and out-of-distribution detection."""
