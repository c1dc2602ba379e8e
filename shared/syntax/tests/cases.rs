//! One line per case, as iptables' own `extensions/*.t` have it: `options ; saved form ; OK|FAIL`.
//!
//! The saved form `=` is the options themselves, an empty one a rule without options; `|` stands
//! between the rules that a list of addresses makes. `:CHAIN`, `*table` and `%family` change where
//! the lines below are tried; single quotes keep blanks. Each saved form must also restore to
//! itself.

use std::{fmt::Write as _, fs, path::Path};

use rules::{Family, Ruleset};
use syntax::{Invocation, Names, Program, Stamp, run};

const SERVICES: &str = "ssh 22/tcp\ndomain 53/tcp\ndomain 53/udp\nhttp 80/tcp www\n";
const PROTOCOLS: &str = "ip 0 IP\ngre 47 GRE\n";

struct Place {
    families: Vec<Family>,
    table: String,
    chain: String,
}

struct Call<'a> {
    names: &'a Names,
    family: Family,
}

impl Call<'_> {
    fn run(
        &self,
        program: Program,
        args: &[String],
        stdin: &str,
        ruleset: &Ruleset,
    ) -> syntax::Outcome {
        let call = Invocation {
            program,
            family: self.family,
            args,
            stdin,
            stamp: Stamp {
                version: "0.1.0",
                unix_time_s: 0,
            },
        };
        run(&call, ruleset, self.names)
    }

    fn save(&self, table: &str, ruleset: &Ruleset) -> String {
        let args = ["-c".to_owned(), "-t".to_owned(), table.to_owned()];
        let text = self.run(Program::Save, &args, "", ruleset).stdout;
        text.lines()
            .filter(|line| !line.starts_with('#'))
            .fold(String::new(), |text, line| text + line + "\n")
    }
}

#[test]
fn every_case_is_as_its_file_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut report = String::new();
    let mut cases = 0;
    for entry in fs::read_dir(folder).expect("tests") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|ending| ending != "t") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a file of cases");
        let file = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        cases += check_file(&file, &text, &mut report);
    }
    assert!(cases > 200, "only {cases} cases found");
    assert!(report.is_empty(), "\n{report}");
}

fn check_file(file: &str, text: &str, report: &mut String) -> usize {
    let names = Names::from_text(SERVICES, PROTOCOLS);
    let mut place = Place {
        families: Family::ALL.to_vec(),
        table: "filter".to_owned(),
        chain: "INPUT".to_owned(),
    };
    let mut cases = 0;
    for (number, line) in (1..).zip(text.lines()) {
        match line.chars().next() {
            None | Some('#') => continue,
            Some(':') => place.chain = line[1..].to_owned(),
            Some('*') => place.table = line[1..].to_owned(),
            Some('%') if line == "%ipv4" => place.families = vec![Family::Ipv4],
            Some('%') if line == "%ipv6" => place.families = vec![Family::Ipv6],
            _ => {
                for &family in &place.families {
                    cases += 1;
                    let call = Call {
                        names: &names,
                        family,
                    };
                    if let Err(fault) = check_line(&call, &place, line) {
                        let _ = writeln!(report, "{file}:{number} ({family:?}): {line}\n  {fault}");
                    }
                }
            }
        }
    }
    cases
}

fn check_line(call: &Call<'_>, place: &Place, line: &str) -> Result<(), String> {
    let parts: Vec<&str> = line.split(';').map(str::trim).collect();
    let [options, saved, verdict] = parts[..] else {
        return Err("a case has three parts".to_owned());
    };
    let (table, chain) = (&place.table, &place.chain);
    let args = |line: String| cut(&line);
    let mut ruleset = Ruleset::new();
    let made = call.run(
        Program::Iptables,
        &args(format!("-t {table} -N web")),
        "",
        &ruleset,
    );
    ruleset = made.ruleset.ok_or("no chain to jump to")?;
    let outcome = call.run(
        Program::Iptables,
        &args(format!("-t {table} -A {chain} {options}")),
        "",
        &ruleset,
    );
    match (verdict, outcome.ruleset) {
        ("FAIL", None) if outcome.exit_code != 0 && !outcome.stderr.is_empty() => Ok(()),
        ("FAIL", _) => Err("was taken".to_owned()),
        ("OK", None) => Err(format!("was refused: {}", outcome.stderr)),
        ("OK", Some(changed)) => check_saved(call, place, options, saved, &changed),
        _ => Err("a case ends in OK or FAIL".to_owned()),
    }
}

fn check_saved(
    call: &Call<'_>,
    place: &Place,
    options: &str,
    saved: &str,
    ruleset: &Ruleset,
) -> Result<(), String> {
    let text = call.save(&place.table, ruleset);
    let rules: Vec<&str> = text.lines().filter(|line| line.contains("] -A ")).collect();
    let saved = if saved == "=" { options } else { saved };
    let head = format!("[0:0] -A {}", place.chain);
    let expected: Vec<String> = saved
        .split(" | ")
        .map(|rule| format!("{head} {rule}").trim_end().to_owned())
        .collect();
    if rules != expected {
        return Err(format!("is saved as {rules:#?}"));
    }
    let restored = call.run(Program::Restore, &["-c".to_owned()], &text, &Ruleset::new());
    let restored = restored.ruleset.ok_or(restored.stderr)?;
    match call.save(&place.table, &restored) {
        again if again == text => Ok(()),
        again => Err(format!("is restored as {again}")),
    }
}

/// Words between blanks; single quotes keep blanks and may be empty.
fn cut(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in line.split('\'').enumerate() {
        if at % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}
