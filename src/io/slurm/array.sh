#!/bin/bash
# Written by childsize submit slurm: one task for every shard that is not done.
#SBATCH --job-name=childsize-shards
#SBATCH --array={{ array }}
#SBATCH --ntasks=1
#SBATCH --cpus-per-task={{ cpus }}
#SBATCH --output={{ logs }}/shard-%a.log
#SBATCH --open-mode=append
#SBATCH --requeue
# Before the walltime is up, or the node is wanted: the state is kept, and the task queues again.
#SBATCH --signal=B:TERM@{{ signal_seconds }}
{%- for option in options %}
#SBATCH {{ option }}
{%- endfor %}

{{ program }} run --plan {{ campaign }} --shard "$SLURM_ARRAY_TASK_ID" --threads {{ cpus }} \
    --checkpoint-seconds {{ checkpoint_seconds }} --progress plain &
child=$!
trap 'kill -TERM "$child" 2>/dev/null' TERM
wait "$child"
code=$?
# A signal ends the wait, not the child.
while kill -0 "$child" 2>/dev/null; do
    wait "$child"
    code=$?
done
if [ "$code" -eq 130 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt {{ requeues }} ]; then
    scontrol requeue "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"
fi
exit "$code"
