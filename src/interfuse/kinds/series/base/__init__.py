"""The closed-form base: what level and seasons say of a series, in a second and without a network.

`past` has series with their running sums, `answers` what is computed of them for one origin and one
horizon, `fit` the ridges and the weights of experts, `forecast` the distribution of what follows,
`paths` joint draws of it.
"""
