"""Channels of few values: states, and counts that are mostly zero.

`codes` says what the values are, `experts` what a history says of one later step, `weigh` how much
each expert is believed, `paths` draws what goes together, `channel` has one fitted channel.
"""
