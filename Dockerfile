# One image for all that runs: the web server unless another command says worker, scheduler or
# migrations. docs/containers.md tells how it is built and run.

FROM python:3.13.9-slim-trixie AS base
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /app

# What it needs of requirements.lock and no more: pyproject.toml says which packages, the lock as
# constraint says which version, and a package without one of its hashes is refused. Wheels only,
# so no stage has a compiler; uv, which tools.lock pins, stays behind in this one.
FROM base AS packages
ENV UV_COMPILE_BYTECODE=1 \
    UV_NO_BUILD=1 \
    UV_NO_CACHE=1 \
    UV_PYTHON_DOWNLOADS=never \
    VIRTUAL_ENV=/opt/venv
COPY pyproject.toml requirements.lock tools.lock /locks/
RUN pip install --no-cache-dir --no-deps --only-binary :all: --require-hashes --requirement /locks/tools.lock \
    && uv venv --python /usr/local/bin/python /opt/venv \
    && uv pip install --require-hashes --requirement /locks/pyproject.toml --constraint /locks/requirements.lock \
    && rm /opt/venv/.lock

# The whole lock. The code is not in it: compose.yaml mounts it, so that changes are seen at once.
FROM packages AS development
RUN uv pip sync --require-hashes /locks/requirements.lock
ENV DEBUG=true \
    HOME=/tmp
USER 1000:1000
EXPOSE 8000
CMD ["python", "manage.py", "start"]

# Bytecode and static files are made here, since the container may write neither. Collecting them
# uses no key, but production has no settings without: these two are gone with the line.
FROM packages AS application
COPY manage.py ./
COPY deploy/healthcheck.py deploy/
COPY project project/
COPY backend backend/
RUN python -m compileall -q backend project \
    && DJANGO_SETTINGS_MODULE=project.settings.production SECRET_KEY=stand-in JWT_KEYS=stand:in \
        python manage.py collectstatic --noinput --verbosity 0

FROM base
ARG REVISION=unknown
LABEL org.opencontainers.image.title="backend" \
      org.opencontainers.image.description="A typed API service for accounts and access" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="$REVISION"
RUN groupadd --gid 10001 backend \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin backend
# All of it is root's: the service cannot change its own code.
COPY --from=packages /opt/venv /opt/venv
COPY --from=application /app /app
ENV DJANGO_SETTINGS_MODULE=project.settings.production
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "deploy/healthcheck.py"]
CMD ["python", "-m", "project.prod"]
