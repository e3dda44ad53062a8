"""Captures of packets: read as a table of flows, written from one.

files, blocks      pcap and pcapng: where each frame lies, when it came, its link type
link, network      from frames to IPv4 and IPv6 packets, their ports, flags and payload
meter, flows       from packets to bidirectional flows, and the columns of their table
mend               rows that can be flows, by the smallest change
script, timing     the packets of one flow: directions, flags, sizes; when each is sent
frames, payload    their bytes, with checksums and messages that dissectors read
merge, writer      the packets of all flows in the order of time, as a file
"""
