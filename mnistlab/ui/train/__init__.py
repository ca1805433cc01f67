"""The train page's parts; `live` also serves runs on other pages."""
