"""How gunicorn serves. Only its own processes import it: ``turns`` and ``draining`` know none."""
