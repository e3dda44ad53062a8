"""The studio: a page and a service over run folders, `interfuse studio`.

The topmost layer: it asks the command line, in processes of its own, and reads the folders that the
command line writes. The server itself keeps nothing: uploads, the words of fits, and answers lie in
`.interfuse` of the folder that is served, so that a server that is killed loses nothing.
"""
