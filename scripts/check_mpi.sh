#!/bin/bash
# Plays one run with 1, 2 and 3 MPI processes: all results must have the bits of a run without MPI.
#
#     cargo build --release --features mpi && scripts/check_mpi.sh target/release/childsize
#
# Needs mpirun (Debian: libopenmpi-dev openmpi-bin libclang-dev clang). Where it cannot run, it says so and ends with 0.
set -u
program=$(realpath "${1:-target/release/childsize}")
here=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
skip() {
    printf 'check_mpi: skipped: %s\n' "$1"
    exit 0
}
fail() {
    printf 'check_mpi: FAILED: %s\n' "$1"
    exit 1
}
command -v mpirun >/dev/null 2>&1 || skip "there is no mpirun"
[ -x "$program" ] || skip "there is no program $program"
"$program" run --help | grep -q -- --mpi || skip "$program is built without the feature mpi"
python3 -c "import h5py" 2>/dev/null || command -v h5diff >/dev/null 2>&1 || skip "neither h5py nor h5diff is there to compare with"
work=$(mktemp -d /tmp/childsize-mpi-XXXXXX)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
options=(--oversubscribe)
mpirun --version 2>/dev/null | grep -q "Open MPI" && [ "$(id -u)" = 0 ] && options+=(--allow-run-as-root)

# One with a map and a number of histories, one smoothed, one that ends at its target.
coarse() { sed -e 's/^voxel_mm = .*/voxel_mm = 4.0/' "$here/examples/chest-5y.toml"; }
coarse | sed -e 's/^target = .*//' -e 's/^histories = .*/histories = 3e5/' >map.toml
sed -e 's/^target = .*/estimator = "map-smoothed"/' -e 's/^histories = .*/histories = 6e4/' "$here/examples/chest-5y.toml" >smoothed.toml
coarse | sed -e 's/^target = .*/target = { relative_error = 0.004, organs = ["lungs"] }/' >target.toml
for protocol in map smoothed target; do
    "$program" run $protocol.toml -o $protocol-one --progress none >/dev/null || fail "$protocol without MPI"
    for count in 1 2 3; do
        mpirun "${options[@]}" -n $count "$program" run $protocol.toml -o $protocol-$count --mpi --threads 1 \
            --progress none >/dev/null || fail "$protocol with $count processes"
        python3 "$here/scripts/compare_bits.py" $protocol-$count/result.h5 $protocol-one/result.h5 ||
            fail "$protocol: other bits with $count processes"
    done
done
# What is refused is refused once, with its exit code.
mpirun "${options[@]}" -n 2 "$program" run map.toml -o map-one --mpi >out 2>err
[ "$(grep -c 'already there' err)" = 1 ] || fail "a refusal must be told once"
echo "check_mpi: passed"
