"""The generator of ``clients/python``: everything in it that follows from the document."""
