#!/bin/bash
# Plays two campaigns on a real Slurm: a controller and two nodes on this machine, started for this and ended after it. Of the first,
# one task is killed on purpose and one is told to stop; all tasks of the second run into a walltime of one minute, as often as it
# takes (Slurm lets two minutes pass before a task runs again). The merged results must have the bits of one run. Takes ten to fifteen minutes.
#
#     scripts/check_slurm.sh target/release/childsize
#
# Needs root and Debian's packages slurmctld, slurmd, slurm-client and munge. Where they cannot run, it says so and ends with 0.
set -u
program=$(realpath "${1:-target/release/childsize}")
here=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)

skip() {
    printf 'check_slurm: skipped: %s\n' "$1"
    exit 0
}
fail() {
    printf 'check_slurm: FAILED: %s\n' "$1"
    exit 1
}

[ -x "$program" ] || skip "there is no program $program"
[ "$(id -u)" = 0 ] || skip "the daemons of Slurm need root"
for tool in slurmctld slurmd sbatch scontrol scancel munged python3; do
    command -v "$tool" >/dev/null 2>&1 || skip "there is no $tool (Debian: apt-get install slurmctld slurmd slurm-client munge)"
done
python3 -c "import h5py" 2>/dev/null || command -v h5diff >/dev/null 2>&1 || skip "neither h5py nor h5diff is there to compare with"
# The controller and the nodes of another Slurm are left alone.
if pgrep -x slurmctld >/dev/null || pgrep -x slurmd >/dev/null; then skip "another Slurm is running here"; fi

work=$(mktemp -d /tmp/childsize-slurm-XXXXXX)
own=()
clean_up() {
    for process in "${own[@]}"; do kill "$process" 2>/dev/null; done
    wait 2>/dev/null
    [ -n "${KEEP:-}" ] || rm -rf "$work"
}
trap clean_up EXIT

export SLURM_CONF="$work/slurm.conf"
host=$(hostname -s)
mkdir -p "$work/state" "$work/one" "$work/two" "$work/munge"
head -c 1024 /dev/urandom >"$work/munge/key" && chmod 400 "$work/munge/key" && chmod 700 "$work/munge"
munged --foreground --force --key-file="$work/munge/key" --socket="$work/munge/socket" --pid-file="$work/munge/pid" \
    --log-file="$work/munge/log" --seed-file="$work/munge/seed" >"$work/munge/out" 2>&1 &
own+=($!)
cat >"$SLURM_CONF" <<CONF
ClusterName=childsize
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge/socket
CredType=cred/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/%n
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.%n.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.%n.log
SlurmctldPort=26817
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=5,bf_interval=5,requeue_delay=1,batch_sched_delay=1
ReturnToService=2
JobRequeue=1
KillWait=20
MpiDefault=none
SwitchType=switch/none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
NodeName=one NodeHostname=$host NodeAddr=127.0.0.1 Port=26818 CPUs=1 State=UNKNOWN
NodeName=two NodeHostname=$host NodeAddr=127.0.0.1 Port=26819 CPUs=1 State=UNKNOWN
PartitionName=all Nodes=one,two Default=YES MaxTime=INFINITE State=UP OverTimeLimit=0
CONF
slurmctld -D -c >"$work/slurmctld.out" 2>&1 &
own+=($!)
for node in one two; do
    slurmd -D -N "$node" >"$work/slurmd.$node.out" 2>&1 &
    own+=($!)
done
for _ in $(seq 60); do
    [ "$(sinfo -h -o %D -t idle 2>/dev/null | head -1)" = 2 ] && break
    sleep 1
done
[ "$(sinfo -h -o %D -t idle 2>/dev/null | head -1)" = 2 ] || {
    tail -3 "$work"/slurmctld.log "$work"/slurmd.*.log 2>/dev/null
    skip "Slurm does not start here"
}

# protocol HISTORIES FILE: the example's chest, coarser.
protocol() {
    sed -e 's/^target = .*//' -e "s/^histories = .*/histories = $1/" -e 's/^voxel_mm = .*/voxel_mm = 4.0/' \
        "$here/examples/chest-5y.toml" >"$2"
}
# finished CAMPAIGN SECONDS: waits for the result, or until nothing is queued any more.
finished() {
    for _ in $(seq "$2"); do
        [ -e "$1/result/result.h5" ] && break
        [ -z "$(squeue -h 2>/dev/null)" ] && break
        sleep 1
    done
    [ -e "$1/result/result.h5" ] || {
        tail -n 5 "$1"/slurm/*.log
        squeue
        fail "no result"
    }
    while [ -n "$(squeue -h 2>/dev/null)" ]; do sleep 1; done
    echo "check_slurm: logs of $1"
    tail -n 4 "$1"/slurm/*.log
}
# same CAMPAIGN PROTOCOL: the bits of one run.
same() {
    "$program" run "$2" -o "$1-one" --progress none >/dev/null || fail "the run in one piece"
    python3 "$here/scripts/compare_bits.py" "$1/result/result.h5" "$1-one/result.h5" || fail "the bits differ"
}

cd "$work" || exit 1
protocol "${HISTORIES:-4e6}" protocol.toml
"$program" plan protocol.toml --shards 4 -o campaign || fail "no plan"
"$program" submit slurm campaign --checkpoint-seconds 1 --signal-seconds 30 --time 00:02:00 --rounds 3 || fail "not submitted"

# One task is killed without a word, as by a node that fails: its merge finds it missing, and it is sent again.
for _ in $(seq 300); do
    [ -e campaign/shards/0000/acquisition-000.h5 ] && break
    sleep 0.2
done
victim=$(pgrep -f "run --plan $work/campaign --shard 0 " | head -1)
[ -n "$victim" ] && kill -9 "$victim" && echo "check_slurm: shard 0 was killed"
[ -n "$victim" ] || echo "check_slurm: shard 0 was too quick to be killed"
# And one is told to stop, as before its walltime: it keeps its state and queues again.
for _ in $(seq 300); do
    [ -e campaign/shards/0002/acquisition-000.h5 ] && break
    sleep 0.2
done
job=$(squeue -h -r -n childsize-shards -t running -o %i | head -1)
[ -n "$job" ] && scancel --batch --signal=TERM "$job" && echo "check_slurm: $job was told to stop"

finished campaign 600
same campaign protocol.toml

# Tasks that take longer than their walltime: Slurm itself tells them to stop (up to a minute before it is up), they keep their states
# and queue again, until all batches are played. Nobody else stops them.
# A shard takes 75 s of CPU time, at the speed of the first campaign.
histories=$(python3 -c 'import json, sys; of = json.load(open(sys.argv[1])); print(f"{2 * 75 * of[sys.argv[2]]:.2e}")' \
    campaign/result/summary.json histories_per_cpu_s) || fail "no speed in the summary"
protocol "${WALLTIME_HISTORIES:-$histories}" long.toml
"$program" plan long.toml --shards 2 -o walltime || fail "no plan"
"$program" submit slurm walltime --checkpoint-seconds 20 --signal-seconds 15 --time 00:01:00 --rounds 3 || fail "not submitted"
finished walltime 1200
stops=$(cat walltime/slurm/shard-*.log | grep -c 'goes on from there')
[ "${stops:-0}" -gt 0 ] || fail "no task ran into its walltime: give more WALLTIME_HISTORIES"
echo "check_slurm: tasks ran into their walltime and kept their states $stops times"
same walltime long.toml
echo "check_slurm: passed"
