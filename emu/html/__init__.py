"""A run, or two beside each other, as one page of HTML: what the traces show, counted and drawn, and the reports' own tables."""
