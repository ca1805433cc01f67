"""From a drawing to a prediction, and what explains it."""
