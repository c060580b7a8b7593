#!/bin/sh
# Runs its arguments with the first Python that fits, and says which: PYTHON where that is set, else one on the PATH.
# A name on the PATH proves nothing: it may be another version, or a version manager's stand-in for none.
look='import sys
print("Python %d.%d.%d (%s)" % (tuple(sys.version_info[:3]) + (sys.executable,)))
sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))'
found=

run_if_it_fits() {
    python=$1
    shift
    if said=$("$python" -c "$look" 2>/dev/null); then
        echo "Using $said" >&2
        exec "$python" "$@"
    fi
    [ -z "$said" ] || found="$found; $python is $said"
}

if [ -n "${PYTHON:-}" ]; then
    run_if_it_fits "$PYTHON" "$@"
    echo "PYTHON=$PYTHON is not a Python from 3.11 to 3.14${found:+${found#; "$PYTHON"}}." >&2
    echo "Name one that is, or leave PYTHON away: the first that fits on the PATH is taken." >&2
    exit 1
fi
for name in python3 python3.13 python3.12 python3.11 python3.14 python; do
    run_if_it_fits "$name" "$@"
done
if command -v uv >/dev/null && uv python install 3.13 >&2; then
    run_if_it_fits "$(uv python find 3.13)" "$@"
fi
echo "No Python from 3.11 to 3.14 is on the PATH${found}." >&2
echo "Install one (Debian: apt-get install python3 python3-venv; macOS: brew install python@3.13; uv python install 3.13), or name one: PYTHON=/path/to/python3.13" >&2
exit 1
