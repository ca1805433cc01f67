"""Runs that leave this lab and come into it: archives, spreadsheets, event files."""
