"""Plotly figures as plain values: the JSON that plotly.js draws, without importing plotly."""
