"""Reports of runs as documents: HTML that works offline, or Markdown."""
