#!/usr/bin/env bash
# Install napari-abdoseg into .venv, and on Debian, as root, the system libraries that
# Qt and a headless screen need. With the word `dev`: also what the tests need.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends \
        python3-venv git xvfb xauth fonts-dejavu-core libdbus-1-3 libegl1 libfontconfig1 libgl1 \
        libgl1-mesa-dri libglib2.0-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 \
        libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-sync1 libxcb-xfixes0 \
        libxcb-xinerama0 libxkbcommon-x11-0 >/dev/null
fi

python3 -m venv .venv
.venv/bin/python -m pip install --quiet --editable ".[all${1:+,$1}]"
