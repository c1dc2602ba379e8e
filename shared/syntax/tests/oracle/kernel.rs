//! The machine's own iptables-legacy, in a network namespace of its own.

use std::{
    fmt::Write as _,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use rules::Family;
use syntax::Program;

use super::case::{Answer, Sequence};

/// The program behind all of iptables' legacy names.
const MULTI: &str = "/usr/sbin/xtables-legacy-multi";

const EMPTY: &str = "\
*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT
*mangle\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\nCOMMIT
*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]\nCOMMIT
*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT
*security\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT
";

/// Asks the machine's iptables all `sequences`, each on empty tables.
///
/// # Panics
/// It cannot be asked: no root, no network namespaces, another version.
pub fn ask(sequences: &[Sequence]) -> Vec<Vec<Answer>> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let bin = folder.join("bin");
    fs::create_dir(&bin).expect("a folder for names");
    for family in Family::ALL {
        for program in [Program::Iptables, Program::Save, Program::Restore] {
            symlink(MULTI, bin.join(program.name(family))).expect("a link to iptables");
        }
    }
    fs::write(folder.join("empty"), EMPTY).expect("the empty tables");
    let script = folder.join("script");
    fs::write(&script, write_script(folder, sequences)).expect("the script");
    run(&script, &bin, folder);
    sequences
        .iter()
        .enumerate()
        .map(|(at, sequence)| {
            (0..sequence.steps.len())
                .map(|step| read_answer(folder, at, step))
                .collect()
        })
        .collect()
}

fn run(script: &Path, bin: &Path, folder: &Path) {
    let version = Command::new(MULTI).args(["iptables", "-V"]).output();
    let version = version.expect("iptables-legacy must be installed");
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    assert!(
        version.contains("v1.8.9 "),
        "the oracle is 1.8.9, not {version}"
    );
    let output = Command::new("unshare")
        .args(["--net", "bash"])
        .arg(script)
        .env(
            "PATH",
            format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", bin.display()),
        )
        // The lock of this test alone: others may use iptables meanwhile.
        .env("XTABLES_LOCKFILE", folder.join("lock"))
        .output()
        .expect("unshare must be installed");
    assert!(
        output.status.success(),
        "iptables-legacy cannot be asked (root and network namespaces are needed): {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn write_script(folder: &Path, sequences: &[Sequence]) -> String {
    let mut script = String::from("set -u\ncd \"$(dirname \"$0\")\"\n");
    for (at, sequence) in sequences.iter().enumerate() {
        let restore = Program::Restore.name(sequence.family);
        let _ = writeln!(script, "{restore} <empty || exit 1");
        for (number, step) in sequence.steps.iter().enumerate() {
            let place = format!("{at}.{number}");
            fs::write(folder.join(format!("{place}.in")), &step.stdin).expect("standard input");
            script.push_str(step.program.name(sequence.family));
            for arg in &step.args {
                let _ = write!(script, " '{}'", arg.replace('\'', "'\\''"));
            }
            let _ = writeln!(
                script,
                " <{place}.in >{place}.out 2>{place}.err; echo $? >{place}.code"
            );
        }
    }
    script
}

fn read_answer(folder: &Path, sequence: usize, step: usize) -> Answer {
    let file = |kind: &str| -> PathBuf { folder.join(format!("{sequence}.{step}.{kind}")) };
    let text = |kind: &str| {
        let bytes = fs::read(file(kind)).expect("what iptables printed");
        String::from_utf8_lossy(&bytes).into_owned()
    };
    Answer {
        stdout: text("out"),
        stderr: text("err"),
        exit_code: text("code").trim().parse().expect("an exit code"),
    }
}
