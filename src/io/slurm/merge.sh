#!/bin/bash
# Written by childsize submit slurm: merges when all tasks have ended; what is missing then is submitted again.
#SBATCH --job-name=childsize-merge
#SBATCH --ntasks=1
#SBATCH --cpus-per-task={{ cpus }}
#SBATCH --output={{ logs }}/merge.log
#SBATCH --open-mode=append
{%- for option in options %}
#SBATCH {{ option }}
{%- endfor %}

{{ program }} merge {{ campaign }} --force
code=$?
if [ "$code" -eq 75 ] && [ {{ rounds }} -gt 0 ]; then
    exec {{ resubmit }}
fi
exit "$code"
