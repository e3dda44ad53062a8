"""Files and frames of any library and format, in and out, exactly. Knows no kind of data."""
