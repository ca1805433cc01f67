"""What the pages share; with `app.py` and `pages/` the only code that imports streamlit.

Pages and this package may call anything in `mnistlab`; nothing in `mnistlab` calls them. What they
show of a training they read from `mnistlab.store.store`, never from the process that trains.
"""
