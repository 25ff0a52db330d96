"""A review made from an executed notebook: run, rendered, recorded, published."""
