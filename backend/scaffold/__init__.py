"""``./just new-app NAME``: a feature app in this house's style, entered wherever apps are listed.

It is a program for developers and no Django app: it needs no settings and leaves no trace in those
of the service. What it writes is in ``templates``.
"""
