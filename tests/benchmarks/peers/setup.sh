#!/bin/sh
# One virtual environment per family of peers, as race.py expects them:  sh setup.sh DIR [PYTHON]
# What cannot be installed is left out, and race.py then skips it.
set -u
dir=${1:?usage: sh setup.sh DIR [PYTHON]}
python=${2:-python3}

family() { # NAME REQUIREMENT...
    venv=$dir/$1
    shift
    if "$python" -m venv "$venv" && "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; then
        echo "installed $venv: $*"
    else
        echo "left out $venv: $*" >&2
        rm -rf "$venv"
    fi
}

family jax jax optax keras
# The second index has the build without CUDA, which is far smaller; without it pip takes PyPI's.
family torch torch==2.13.0 keras --extra-index-url https://download.pytorch.org/whl/cpu
family tensorflow tensorflow-cpu keras
family sklearn scikit-learn
