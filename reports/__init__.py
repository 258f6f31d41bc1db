"""The reports: one format a file, found by file name; a leading underscore marks what formats share."""
