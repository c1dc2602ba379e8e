//! What is taken away before two answers are compared: the deliberate differences that the crate's
//! documentation lists, and nothing else.

use syntax::{Names, Program};

use super::case::{Answer, Step};

/// An answer of the kernel's iptables in the form in which Weir would give it.
pub fn of_kernel(step: &Step, names: &Names, answer: &Answer) -> Answer {
    let mut stdout = without_comments(&answer.stdout);
    // `-vv`: libiptc's dump of its own binary form.
    if let Some(at) = stdout.find("libiptc vlibxtables") {
        stdout.truncate(at);
    }
    if is_numeric_list(step) {
        stdout = lines(&stdout, |line| protocol_by_name(line, names));
    }
    let stderr = lines(&answer.stderr, |line| {
        let line = line.replace(" v1.8.9 (legacy): ", " v1.8.9 (weir): ");
        line.replace(" Run `dmesg' for more information.", "")
    });
    Answer {
        stdout: stdout.replace("1.8.9 (legacy)", "1.8.9 (weir)"),
        stderr,
        exit_code: answer.exit_code,
    }
}

/// An answer of Weir without the reasons that it adds.
pub fn of_weir(answer: &Answer) -> Answer {
    let stderr = lines(&answer.stderr, |line| {
        let line = line.replace(": host names are not resolved", "");
        let line = line.replace(":not supported by Weir", ":No such file or directory");
        if let Some((head, _)) = line.split_once(" failed: ")
            && head.contains("-restore: line ")
        {
            return format!("{head} failed");
        }
        for cut in ["Invalid argument", "Too many levels of symbolic links"] {
            if let Some((head, _)) = line.split_once(&format!("{cut}: ")) {
                return format!("{head}{cut}.");
            }
        }
        line
    });
    Answer {
        stdout: without_comments(&answer.stdout).replace("v1.8.9 (weir 0.1.0)", "v1.8.9 (weir)"),
        stderr,
        exit_code: answer.exit_code,
    }
}

fn lines(text: &str, each: impl Fn(&str) -> String) -> String {
    text.split_inclusive('\n')
        .map(|line| match line.strip_suffix('\n') {
            Some(line) => each(line) + "\n",
            None => each(line),
        })
        .collect()
}

/// The comments of iptables-save carry the time.
fn without_comments(text: &str) -> String {
    let is_stamp =
        |line: &&str| !line.starts_with("# Generated") && !line.starts_with("# Completed");
    text.split_inclusive('\n').filter(is_stamp).collect()
}

fn is_numeric_list(step: &Step) -> bool {
    let short = |arg: &String| arg.starts_with('-') && !arg.starts_with("--") && arg.contains('n');
    step.program != Program::Save
        && (step.args.iter().any(|arg| arg == "--numeric" || short(arg))
            || step.program == Program::Restore)
}

/// 1.8.9 prints the protocol's number with `-n`; 1.8.10 and Weir print the name if iptables
/// itself knows one.
fn protocol_by_name(line: &str, names: &Names) -> String {
    let options = [" -- ", " -f ", " !f "]
        .iter()
        .filter_map(|cell| line.find(cell))
        .min();
    let Some(end) = options else {
        return line.to_owned();
    };
    let (head, tail) = line.split_at(end);
    let digits = head.trim_end();
    let start = digits
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |at| at + 1);
    let Some(name) = digits
        .get(start..)
        .and_then(|number| number.parse().ok())
        .and_then(|number| names.protocol_name(number, true))
    else {
        return line.to_owned();
    };
    let name = format!("{name:<4}");
    format!("{}{name}{tail}", head.get(..start).unwrap_or_default())
}
