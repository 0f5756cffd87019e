"""Networks: how connections between units make a whole.

``percolation`` connectedness of lattices and random geometric graphs.
"""
