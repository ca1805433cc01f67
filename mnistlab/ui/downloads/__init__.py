"""Files for the reader: buttons that make them when clicked, reports, trained networks."""
