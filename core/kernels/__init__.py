"""Floor 0: arrays and numba, no physics.

``random`` independent streams of random numbers · ``threads`` blocks of trajectories on a thread pool ·
``disjoint_sets`` union-find, also on periodic graphs · ``correlator`` time correlations over many decades ·
``statistics`` errors of correlated series · ``cell_list`` neighbours within a cutoff.
"""
