# Sourced by ./scripts/childsize and ./scripts/test: sees to a C compiler, HDF5 and Rust.

fail() {
    printf 'set-up: %s\n' "$1" >&2
    exit 69
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        return 1
    fi
}

has_hdf5() {
    [ -n "${HDF5_DIR:-}" ] || { command -v pkg-config >/dev/null 2>&1 && pkg-config --exists hdf5; }
}

rust_is_new_enough() {
    command -v cargo >/dev/null 2>&1 || return 1
    minor=$(rustc --version | sed 's/^rustc 1\.\([0-9]*\).*/\1/')
    [ "$minor" -ge 89 ] 2>/dev/null
}

install_packages() {
    command -v apt-get >/dev/null 2>&1 || return 1
    printf 'set-up: installing %s\n' "$*" >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 || return 1
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

install_rust() {
    command -v curl >/dev/null 2>&1 || install_packages curl ca-certificates || return 1
    printf 'set-up: installing Rust with rustup (https://rustup.rs)\n' >&2
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal >&2
}

set_up() {
    # Rust installed by rustup in an earlier shell may not be on the path of this one.
    [ -f "${CARGO_HOME:-$HOME/.cargo}/env" ] && . "${CARGO_HOME:-$HOME/.cargo}/env"
    if ! command -v cc >/dev/null 2>&1 || ! has_hdf5; then
        install_packages gcc libc6-dev pkg-config libhdf5-dev || fail "a C compiler, pkg-config and the HDF5 library with headers are needed and could not be installed. Debian, Ubuntu: apt-get install gcc libc6-dev pkg-config libhdf5-dev. Fedora: dnf install gcc pkgconf hdf5-devel. macOS: brew install hdf5. Elsewhere set HDF5_DIR, or build with: cargo build --release --features static-hdf5 (needs CMake 3.26 or newer)."
        has_hdf5 || fail "HDF5 was installed but pkg-config does not find it; set HDF5_DIR to its folder."
    fi
    if ! rust_is_new_enough; then
        install_rust || fail "Rust 1.89 or newer is needed; see https://rustup.rs"
        . "${CARGO_HOME:-$HOME/.cargo}/env"
        rust_is_new_enough || fail "Rust 1.89 or newer is needed, found $(rustc --version 2>/dev/null || echo none); try: rustup update stable"
    fi
}
