//! A run in shards: planned, played in any order, broken off, and merged to the bits of one run.

mod common;

use std::path::PathBuf;
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use common::{bits, childsize, quick_protocol};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use tempfile::TempDir;

struct Case {
    folder: TempDir,
}

impl Case {
    /// A protocol, and a campaign of it.
    fn planned(shards: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        quick_protocol(folder.path(), "protocol.toml", 100.0, "abdomen");
        let case = Case { folder };
        case.command(&["plan", "protocol.toml", "--shards", shards, "-o", "campaign"]).assert().success();
        case
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = childsize();
        command.current_dir(self.folder.path()).args(arguments);
        for variable in
            ["CHILDSIZE_SHARD", "SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "AWS_BATCH_JOB_ARRAY_INDEX"]
        {
            command.env_remove(variable);
        }
        command
    }

    fn shard(&self, index: &str) -> Command {
        self.command(&["run", "--plan", "campaign", "--shard", index, "--threads", "1"])
    }

    fn state(&self, shard: &str) -> PathBuf {
        self.path("campaign/shards").join(shard).join("acquisition-000.h5")
    }
}

#[test]
fn shards_merge_to_the_bits_of_one_run() {
    let case = Case::planned("3");
    for shard in ["2", "0"] {
        case.shard(shard).assert().success();
    }
    let lacking = case.command(&["merge", "campaign"]).assert().code(75);
    lacking
        .stderr(contains("1 of 3 shards are not done (1): shard 1 lacks batches 6-12 of abdomen"))
        .stderr(contains("childsize run --plan campaign --shard 1"));
    case.command(&["merge", "campaign", "--list-missing"]).assert().code(75).stdout("1\n");
    assert!(!case.path("campaign/result").exists());
    let part = case.command(&["merge", "campaign", "--allow-missing", "-o", "part"]).assert().success();
    part.stderr(contains("doses are those of the batches that are there"));
    let summary: serde_json::Value =
        serde_json::from_slice(&std::fs::read(case.path("part/summary.json")).unwrap()).unwrap();
    assert_eq!(summary["complete"], false);
    assert_eq!(summary["acquisitions"][0]["batches"], 13);
    // The scheduler's index, and a second time, which does nothing.
    for told in ["batches 6 to 12", "nothing to do"] {
        let mut again = case.command(&["run", "--plan", "campaign", "--threads", "2"]);
        again.env("SLURM_ARRAY_TASK_ID", "1").assert().success().stdout(contains(told));
    }
    case.command(&["merge", "campaign"]).assert().success();
    case.command(&["run", "protocol.toml", "-o", "one"]).assert().success();
    bits::assert_same(&case.path("campaign/result/result.h5"), &case.path("one/result.h5"));
    case.command(&["merge", "campaign"]).assert().code(73).stderr(contains("--force"));
}

#[test]
fn shards_of_others_copies_and_damage_are_refused() {
    let case = Case::planned("2");
    case.shard("0").assert().success();
    std::fs::create_dir(case.path("campaign/shards/0001")).unwrap();
    std::fs::copy(case.state("0000"), case.state("0001")).unwrap();
    let copied = case.command(&["merge", "campaign"]).assert().code(65);
    copied.stderr(contains("must hold batches 10 to 19 only, those of shard 1, found batch 0, of shard 0"));
    // The state of another exam.
    std::fs::remove_file(case.state("0001")).unwrap();
    quick_protocol(case.folder.path(), "other.toml", 120.0, "abdomen");
    case.command(&["plan", "other.toml", "--shards", "2", "-o", "other"]).assert().success();
    case.command(&["run", "--plan", "other", "--shard", "1"]).assert().success();
    std::fs::copy(case.path("other/shards/0001/acquisition-000.h5"), case.state("0001")).unwrap();
    let other = case.command(&["merge", "campaign"]).assert().code(65);
    other.stderr(contains("the protocol's text must be"));
    // An engine of another commit.
    std::fs::remove_file(case.state("0001")).unwrap();
    let plan = std::fs::read_to_string(case.path("campaign/plan.json")).unwrap();
    let elsewhere = plan.replace("\"software_version\": \"", "\"software_version\": \"9.");
    std::fs::write(case.path("campaign/plan.json"), elsewhere).unwrap();
    case.shard("1").assert().code(65).stderr(contains("the engine must be childsize"));
    std::fs::write(case.path("campaign/plan.json"), plan).unwrap();
    // Damage is found, and the shard is played again.
    case.shard("1").assert().success();
    let mut bytes = std::fs::read(case.state("0001")).unwrap();
    let last = bytes.len() - 9;
    bytes[last] ^= 1;
    std::fs::write(case.state("0001"), bytes).unwrap();
    let damaged = case.command(&["merge", "campaign"]).assert().code(66);
    damaged.stderr(contains("its digest is not the one it names"));
    case.shard("1").assert().success().stderr(contains("its digest is not the one it names"));
    std::fs::create_dir(case.path("campaign/shards/0002")).unwrap();
    let unplanned = case.command(&["merge", "campaign"]).assert().code(65);
    unplanned.stderr(contains("must hold the 2 shards of the plan only, found `0002`"));
    std::fs::remove_dir(case.path("campaign/shards/0002")).unwrap();
    case.command(&["merge", "campaign"]).assert().success();
}

#[test]
fn an_extended_campaign_is_one_run_of_all_its_histories() {
    let case = Case::planned("2");
    let bad = |arguments: &[&str], code: i32, sentence: &str| {
        case.command(arguments).assert().code(code).stderr(contains(sentence.to_owned()));
    };
    bad(
        &["plan", "protocol.toml", "--shards", "2", "-o", "campaign"],
        73,
        "a campaign is already there; --extend",
    );
    bad(
        &["plan", "--extend", "campaign", "--histories", "6e4", "--shards", "1"],
        65,
        "must be more than the 60000",
    );
    bad(
        &["plan", "protocol.toml", "--shards", "99", "-o", "more"],
        65,
        "--shards must lie between 1 and 20, found 99",
    );
    bad(&["run", "--plan", "campaign", "--shard", "2"], 65, "--shard must be below 2, found 2");
    bad(&["run", "--plan", "campaign"], 65, "--shard must be given, or its index in one of CHILDSIZE_SHARD");
    bad(&["run", "--plan", "nowhere", "--shard", "0"], 66, "nowhere");
    bad(&["run", "--plan", "campaign", "--shard", "0", "--seed", "2"], 2, "cannot be used with");
    // Batches of 60 000 histories are 20 of 3000; with a map, more histories would make larger ones.
    let extend = ["plan", "--extend", "campaign", "--histories", "9e4", "--shards", "1"];
    let told = case.command(&extend).assert().success();
    told.stdout(contains("3 shards, 30 batches of 3000 histories")).stderr(contains("batches stay at 3000"));
    for shard in ["0", "1", "2"] {
        case.shard(shard).assert().success();
    }
    case.command(&["merge", "campaign"]).assert().success();
    let whole = Case::planned("1");
    let extend = ["plan", "--extend", "campaign", "--histories", "9e4", "--shards", "5"];
    whole.command(&extend).assert().success();
    for shard in ["5", "4", "3", "2", "1", "0"] {
        whole.shard(shard).assert().success();
    }
    whole.command(&["merge", "campaign"]).assert().success();
    bits::assert_same(&case.path("campaign/result/result.h5"), &whole.path("campaign/result/result.h5"));
}

#[test]
fn a_target_needs_a_number_of_histories_and_is_judged_in_the_end() {
    let case = Case::planned("1");
    let text = std::fs::read_to_string(case.path("protocol.toml")).unwrap();
    let target = "target = { relative_error = 0.2, organs = [\"liver\"] }\n";
    std::fs::write(case.path("target.toml"), text.replace("histories = 60000\n", target)).unwrap();
    let plan = ["plan", "target.toml", "--shards", "2", "-o", "target"];
    case.command(&plan)
        .assert()
        .code(65)
        .stderr(contains("--histories must be given for a protocol with run.target"));
    let plan = [&plan[..], &["--histories", "5e4"]].concat();
    case.command(&plan).assert().success();
    for shard in ["0", "1"] {
        case.command(&["run", "--plan", "target", "--shard", shard]).assert().success();
    }
    case.command(&["merge", "target"]).assert().success().stderr(contains("not reached").not());
    let summary: serde_json::Value =
        serde_json::from_slice(&std::fs::read(case.path("target/result/summary.json")).unwrap()).unwrap();
    assert_eq!(summary["acquisitions"][0]["finish"], "target");
    assert_eq!(summary["histories"], 50_000);
}

#[test]
fn job_scripts_are_written_without_a_cluster() {
    let case = Case::planned("4");
    case.shard("2").assert().success();
    let arguments = ["submit", "slurm", "campaign", "--dry-run", "--cpus", "2", "--sbatch=--account=a b"];
    case.command(&arguments).assert().success().stdout(contains("not sent"));
    let read = |name: &str| std::fs::read_to_string(case.path("campaign/slurm").join(name)).unwrap();
    let (array, merge) = (read("array.sh"), read("merge.sh"));
    assert!(
        array.contains("#SBATCH --array=0-1,3\n") && array.contains("#SBATCH --account=a b\n"),
        "{array}"
    );
    assert!(
        merge.contains("--rounds 2 '--sbatch=--account=a b'") || merge.contains("--sbatch='--account=a b'"),
        "{merge}"
    );
    for script in ["array.sh", "merge.sh"] {
        let bash =
            Command::new("bash").arg("-n").arg(case.path("campaign/slurm").join(script)).status().unwrap();
        assert!(bash.success(), "{script} is no script");
    }
    let mut lacking = case.command(&["submit", "slurm", "campaign"]);
    lacking.env("PATH", "").assert().code(66).stderr(contains("Slurm's commands must be on the path"));
}
