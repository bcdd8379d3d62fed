//! What the lift of generated files for Exim says is what the description demands.

#![allow(clippy::format_push_string, reason = "a report of what failed")]

use smtpconf::description::{self, Description};
use smtpconf::generate::generate;
use smtpconf::mta::Target;
use smtpconf::policy::compare;
use smtpconf::text::Source;

use crate::descriptions;
use crate::lift_exim::{lift, target};

/// Where the administrator puts a generated file.
fn installed(name: &str) -> String {
    match name {
        "exim.conf" => "/etc/exim4/exim4.conf".into(),
        "sasl2/exim.conf" => "/etc/sasl2/exim.conf".into(),
        name => format!("/etc/exim4/{name}"),
    }
}

fn read(name: &str, text: &str) -> Description {
    let (description, findings) = description::read(&Source::new(name, text));
    description.unwrap_or_else(|| panic!("{name}: {findings:?}\n{text}"))
}

/// What the lift of the generated files does otherwise than the description; none where the
/// description is refused.
fn drift(description: &Description, target: Target) -> Option<String> {
    let generated = match generate(description, target) {
        Ok(generated) => generated,
        Err(findings) if findings.iter().any(|one| one.rule == "self-check") => {
            return Some(format!("{:?}", findings[0].message));
        }
        Err(_) => return None,
    };
    let files: Vec<(String, String)> = generated
        .files
        .iter()
        .map(|file| (installed(&file.name), file.text.clone()))
        .collect();
    let lifted = lift(&files, target);
    // How Exim was built bears on ciphers alone.
    assert!(lifted.gaps.len() <= 1, "{}", lifted.gaps.len());
    let demanded = description::lower(description);
    let drift = compare(&demanded, &lifted.policy);
    let mut told = String::new();
    for one in &drift.sessions {
        told += &format!(
            "{}\n  demanded {}, lifted {} by {:?}\n",
            one.session,
            one.first,
            one.second,
            one.by[1].map(|clause| &clause.guard)
        );
    }
    for fact in &drift.facts {
        told += &format!(
            "{}: {} / {}\n",
            fact.first.name, fact.first.value, fact.second.value
        );
    }
    Some(told)
}

#[test]
fn generated_files_do_what_is_demanded() {
    let mut faults = String::new();
    let mut tried = 0;
    for (name, text) in descriptions::written() {
        let Some(told) = drift(&read(&name, &text), target()) else {
            continue;
        };
        tried += 1;
        if !told.is_empty() {
            faults += &format!("== {name}\n{told}");
        }
    }
    assert!(faults.is_empty(), "{faults}");
    assert!(tried > 30, "{tried}");
}
