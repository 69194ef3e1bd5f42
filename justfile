# `just` lists the recipes. ./just is the same for a machine that has only Python: it fetches uv and
# just first. Recipes hand their options on ("$@") and become the program they start (exec), so that
# a signal reaches it.

set positional-arguments := true

# Nothing but packages is downloaded, least of all a Python.
export UV_PYTHON_DOWNLOADS := "never"
# uv and Node believe whom the machine believes, as pip does: a company's own certificates, too.
export UV_SYSTEM_CERTS := env("UV_SYSTEM_CERTS", "true")
machine_certs := "/etc/ssl/certs/ca-certificates.crt"
export NODE_EXTRA_CA_CERTS := env("NODE_EXTRA_CA_CERTS", if path_exists(machine_certs) == "true" { machine_certs } else { "" })

manage := ".venv/bin/python manage.py"

# list the recipes
[private]
default:
    @"{{ just_executable() }}" --justfile "{{ justfile() }}" --list --unsorted

# development server with reload, on DEV_HOST:DEV_PORT
[group('development')]
start *options: venv
    @exec {{ manage }} start "$@"

# IPython with the models imported; reads standard input when piped
[group('development')]
shell *options: venv
    @exec {{ manage }} shell "$@"

# demo users, with DEBUG=true only; --help tells the options
[group('development')]
seed *options: venv
    @exec {{ manage }} seed "$@"

# where a request spends its time: just profile /api/v1/users/me/ --as testuser1@example.com
[group('development')]
profile *options: venv
    @exec {{ manage }} profile "$@"

# what every mail looks like, written into a folder
[group('development')]
mails *options: venv
    @exec {{ manage }} mails "$@"

# a feature app with its tests, entered wherever apps are listed: just new-app invoices
[group('development')]
new-app *options: venv
    @exec .venv/bin/python -m backend.scaffold "$@"

# create an account for the admin site
[group('development')]
superuser *options: venv
    @exec {{ manage }} createsuperuser "$@"

# apply the migrations
[group('database')]
migrate *options: venv
    @exec {{ manage }} migrate "$@"

# write the migrations that the models ask for (--check: only tell)
[group('database')]
migrations *options: venv
    @exec {{ manage }} makemigrations "$@"

# can the database be reached (--wait SECONDS: until it can)
[group('database')]
check-db *options: venv
    @exec {{ manage }} check_database "$@"

# everything that is wrong with this environment for production, by name; exit 1 if there is any
[group('production')]
preflight: venv
    @exec .venv/bin/python -m project.preflight

# production server on PROD_HOST:PROD_PORT, after the preflight
[group('production')]
prod: venv
    @exec .venv/bin/python -m project.prod

# run tasks; start as many as you need
[group('tasks')]
worker *options: venv
    @exec {{ manage }} worker "$@"

# do timed work; start as many as you like, one leads
[group('tasks')]
scheduler *options: venv
    @exec {{ manage }} scheduler "$@"

# what is waiting, failed and parked (retry ID|--all, drop ID)
[group('tasks')]
tasks *options: venv
    @exec {{ manage }} tasks "$@"

# remove what has had its time; the scheduler does it hourly
[group('tasks')]
purge *options: venv
    @exec {{ manage }} purge "$@"

# copy the database into backups/, with a checksum, and print the path
[group('operations')]
backup *options: venv
    @exec {{ manage }} backup "$@"

# replace the database with a backup, after asking: just restore FILE [--yes]
[group('operations')]
restore *options: venv
    @exec {{ manage }} restore "$@"

# a new key, and how to replace the present one: just keys new [--name KID], just keys secret
[group('operations')]
keys *options: venv
    @exec .venv/bin/python -m project.keys "$@"

# Inside a container you are who you are outside, so that files written there are yours.
compose := 'CONTAINER_USER="$(id -u):$(id -g)" exec docker compose'

# the development stack in containers, with what it prints (--detach, --build)
[group('containers')]
up *options:
    @{{ compose }} up "$@"

# stop it and take the containers away (--volumes: the data too)
[group('containers')]
down *options:
    @{{ compose }} down "$@"

# what it printed (--follow; a service's name: only that one)
[group('containers')]
logs *options:
    @{{ compose }} logs "$@"

# what of it is running, and how it is
[group('containers')]
ps *options:
    @{{ compose }} ps "$@"

# the tests in a container, on the stack's PostgreSQL and Redis; options as for `just test`
[group('containers')]
docker-test *options:
    @{{ compose }} run --rm tests "$@"

# a shell in a new container of the web server's (-c COMMAND: only that)
[group('containers')]
docker-shell *options:
    @{{ compose }} run --rm web bash "$@"

# apply the migrations to the stack's database
[group('containers')]
docker-migrate *options:
    @{{ compose }} run --rm migrate python manage.py migrate "$@"

# the tests; --help tells the options
[group('quality')]
test *options: venv
    @exec .venv/bin/python -m tests "$@"

# everything that CI runs, in its order
[group('quality')]
[script('sh', '-eu')]
check: venv
    step() { printf '\n== %s\n' "$1"; shift; "$@"; }
    step 'Format' .venv/bin/ruff format --check .
    step 'Lint' .venv/bin/ruff check .
    step 'Types' .venv/bin/mypy .
    step 'Import contracts' .venv/bin/lint-imports --no-logo
    step 'Migrations' {{ manage }} makemigrations --check --dry-run
    step 'Django checks' {{ manage }} check --fail-level WARNING
    # Production settings want a whole environment: these values live for this one line.
    step 'Deployment checks' env DJANGO_SETTINGS_MODULE=project.settings.production DEBUG=false \
        SECRET_KEY={{ choose('64', HEX) }} JWT_KEYS=check:{{ choose('64', HEX) }} \
        ALLOWED_HOSTS=api.example.com FRONTEND_URL=https://www.example.com \
        DB_HOST=db.invalid DB_PASSWORD={{ choose('32', HEX) }} \
        REDIS_URL=redis://redis.invalid:6379/0 EMAIL_URL=smtp://mail.invalid:25 \
        {{ manage }} check --deploy --fail-level WARNING
    step 'OpenAPI drift' {{ manage }} openapi --check
    step 'Tests and coverage' exec .venv/bin/python -m tests --coverage --parallel

# sort the imports and format, all files or the paths given
[group('quality')]
format *paths: venv
    @.venv/bin/ruff check --select I --fix "$@"
    @exec .venv/bin/ruff format "$@"

# find mistakes and broken import contracts (--fix: mend what can be)
[group('quality')]
lint *options: venv
    @.venv/bin/ruff check "$@"
    @exec .venv/bin/lint-imports --no-logo

# mypy, strict, on source and tests
[group('quality')]
type-check *options: venv
    @exec .venv/bin/mypy . "$@"

# format, lint and types, without changing a file
[group('quality')]
quality: venv && lint type-check
    @.venv/bin/ruff format --check

# write the committed schema, tests/api/openapi.json (--check: what changed; --release: promise it)
[group('quality')]
openapi *options: venv
    @exec {{ manage }} openapi "$@"

# 10,000 generated requests against a service of its own (--cases N, --seed S)
[group('quality')]
fuzz *options: venv
    @exec .venv/bin/python -m tests.fuzz "$@"

# stop, freeze, kill, fill and attack what it stands on, and what was measured (--times N, --soak)
[group('quality')]
faults *options: venv
    @exec .venv/bin/python -m tests.faults "$@"

# this service beside its peers (--quick, --growth, --peers, --operations, --json FILE); needs wrk
[group('quality')]
bench *options: venv
    @exec .venv/bin/python -m benchmarks "$@"

# write both clients anew from tests/api/openapi.json (--check: only tell whether they are)
[group('quality')]
[script('sh', '-eu')]
clients *options: venv
    .venv/bin/python -m clients.generate.python "$@"
    cd clients/typescript
    if ! command -v npm >/dev/null; then
        echo 'The TypeScript client was left as it is: there is no Node.js with npm here.' >&2
        if [ -n "${CI:-}" ]; then exit 1; else exit 0; fi
    fi
    [ -d node_modules ] || npm ci --no-audit --no-fund --loglevel=error
    exec node generate.mjs "$@"

# install the git hooks and run them on all files
[group('project')]
[script('sh', '-eu')]
pre-commit: venv
    if ! git rev-parse --git-dir >/dev/null 2>&1; then
        echo 'No git repository here: there is nothing to install hooks into.'
        exit
    fi
    # A repository whose hooks live elsewhere (core.hooksPath) keeps them.
    .venv/bin/pre-commit install || echo 'The hooks were not installed; running them once.'
    exec .venv/bin/pre-commit run --all-files

# known vulnerabilities of the locked packages; it asks a public database, so it needs the network
[group('project')]
audit-deps *options: venv
    @exec .venv/bin/pip-audit --strict --disable-pip --require-hashes --requirement requirements.lock "$@"

# the tools and their versions; fails if one is missing
[group('project')]
[script('sh', '-u')]
verify: venv
    missing=0
    tool() {
        name=$1; shift
        if version=$("$@" 2>&1); then
            printf '%-14s %s\n' "$name" "$(printf '%s\n' "$version" | grep -Eo '[0-9]+(\.[0-9]+)+' | head -n 1)"
        else
            printf '%-14s missing\n' "$name"; missing=1
        fi
    }
    tool just "{{ just_executable() }}" --version
    tool uv uv --version
    tool python .venv/bin/python --version
    for name in ruff mypy pytest coverage pre-commit gunicorn; do
        tool "$name" ".venv/bin/$name" --version
    done
    tool import-linter .venv/bin/python -c 'from importlib.metadata import version; print(version("import-linter"))'
    tool django .venv/bin/django-admin --version
    if [ "$missing" = 1 ]; then
        echo 'Something is missing: remove .venv and run this again.' >&2
        exit 1
    fi
    echo 'All is in place.'

# pin the dependencies anew (--upgrade: to their newest versions)
[group('project')]
lock *options:
    @uv pip compile pyproject.toml --group dev --universal --python-version 3.12 --generate-hashes --no-header -o requirements.lock --quiet "$@"
    @uv pip compile benchmarks/requirements.in --universal --python-version 3.12 --generate-hashes --no-header -o benchmarks/requirements.lock --quiet "$@"
    @printf 'rust-just\nuv\n' | uv pip compile - --universal --python-version 3.12 --generate-hashes --no-annotate --custom-compile-command 'just lock' -o tools.lock --quiet "$@"

# .venv holds exactly what requirements.lock says. The lock is copied into it last, so that an
# interrupted set-up is repeated; of two that start at once the second waits, where there is flock.
[private]
[script('sh', '-eu')]
venv:
    ready() { [ -x .venv/bin/python ] && [ "$(cat .venv/requirements.lock 2>/dev/null)" = "$(cat requirements.lock)" ]; }
    if ready; then exit; fi
    exec 9<requirements.lock
    if command -v flock >/dev/null; then flock 9; fi
    if ready; then exit; fi
    echo 'Setting up .venv from requirements.lock' >&2
    # Missing, or of a Python that is gone or too old; relocatable, since people move folders.
    if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then
        uv venv --quiet --clear --relocatable .venv || {
            echo 'Call ./just, which brings uv and finds the Pythons that uv does not.' >&2
            exit 1
        }
    fi
    # Named, because UV_PYTHON would send the packages into .tools.
    uv pip sync --quiet --require-hashes --python .venv/bin/python requirements.lock
    cp requirements.lock .venv/requirements.lock
