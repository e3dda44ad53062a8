"""Rival synthesisers of tables on one core, with one budget, by one set of figures.

    python -m benchmarks.rivals --data DATA --seconds 120

Rules, the same for every method:

* each fit is a process of its own, bound to one core, with single-threaded libraries, and is given
  the same wall-clock budget; one that has not fitted `grace` seconds after it is ended and listed
  with that reason;
* settings are each package's own defaults, except what makes it mind the budget (`methods/` says
  what, method by method); a package that stops by itself may stop early;
* every method gets the same columns (those that the figures compare). Methods that take no missing
  values get them as `prepare` states, and their answers are turned back the same way;
* as many rows are drawn as there are training rows, and held against the training rows;
* a second fit, to half of all rows, measures privacy. One halving: the share of nearer rows of a
  table of 10^4 rows moves by about .01 with the halving.

Each rival runs in a virtual environment of its own (`benchmarks.environments`), with the torch,
numpy and scikit-learn of the environment that runs the benchmark.
"""
