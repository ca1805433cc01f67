"""What was trained, as a document that leaves the lab: HTML that needs no network, or Markdown."""
