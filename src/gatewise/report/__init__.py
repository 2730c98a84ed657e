"""The report of a run: read the folder, summarise it, draw the charts, write one HTML page."""
