//! Traps of m4 and of its library in a sendmail.mc. Must not evaluate anything itself.

use super::super::catalogue;
use super::super::cf::Model;
use super::super::mc::Reading;
use super::mends;
use super::words::{LIKENESSES, callee};
use crate::findings::{Finding, Severity};
use crate::mta::Version;
use crate::mta::tree::{Branch, Tree};
use crate::text::Span;

/// Macros whose calls make a configuration; a blank, a remark sign or a text beside one is a trap.
const CALLED: &[&str] = &[
    "define",
    "undefine",
    "include",
    "sinclude",
    "FEATURE",
    "MAILER",
    "OSTYPE",
    "DOMAIN",
    "HACK",
    "VERSIONID",
    "DAEMON_OPTIONS",
    "CLIENT_OPTIONS",
    "INPUT_MAIL_FILTER",
    "MAIL_FILTER",
    "QUEUE_GROUP",
    "MASQUERADE_AS",
    "MODIFY_MAILER_FLAGS",
];

/// Macros of the library that add words or files to classes. They delete the rest of their line.
const WORDS: &[&str] = &[
    "EXPOSED_USER",
    "LOCAL_USER",
    "MASQUERADE_DOMAIN",
    "MASQUERADE_EXCEPTION",
    "LOCAL_DOMAIN",
    "GENERICS_DOMAIN",
    "VIRTUSER_DOMAIN",
    "RELAY_DOMAIN",
    "TRUST_AUTH_MECH",
];

/// Defined macros that do nothing any more, with what to write.
const OBSOLETE: &[(&str, &str)] = &[
    ("confAUTO_REBUILD", "remove it"),
    ("confCLIENT_OPTIONS", "use `CLIENT_OPTIONS`"),
    ("confDAEMON_OPTIONS", "use `DAEMON_OPTIONS`"),
    (
        "confDEF_GROUP_ID",
        "write the group behind a colon in `confDEF_USER_ID`",
    ),
    ("confREAD_TIMEOUT", "use the `confTO_…` macros"),
    ("confUNSAFE_GROUP_WRITES", "use `confDONT_BLAME_SENDMAIL`"),
];

/// Begins of the macros that a mailer takes in when `MAILER` makes it.
const TAKEN: &[(&str, &str)] = &[
    ("LOCAL_MAILER_", "local"),
    ("LOCAL_SHELL_", "local"),
    ("SMTP_MAILER_", "smtp"),
    ("ESMTP_MAILER_", "smtp"),
    ("SMTP8_MAILER_", "smtp"),
    ("DSMTP_MAILER_", "smtp"),
    ("RELAY_MAILER_", "smtp"),
    ("PROCMAIL_MAILER_", "procmail"),
    ("UUCP_MAILER_", "uucp"),
    ("CYRUSV2_MAILER_", "cyrusv2"),
    ("CYRUS_MAILER_", "cyrus"),
];

/// Findings of how the file is written.
pub fn syntax(tree: &Tree) -> Vec<Finding> {
    let mut written = Written {
        tree,
        nodes: tree.root().children().collect(),
        found: Vec::new(),
    };
    for index in 0..written.nodes.len() {
        match written.kind(index) {
            "hash" => written.remark(index),
            "word" => written.word(index),
            "call" if written.is_called(index) => written.behind(index),
            _ => {}
        }
    }
    for node in tree.branches() {
        match node.kind() {
            "call" => written.quotes(node),
            "text" => written.characters(node),
            _ => {}
        }
    }
    mends::with_fixes(written.found, tree)
}

/// A file and what is wrong with how it is written.
struct Written<'t> {
    tree: &'t Tree,
    /// What stands in no parentheses and quotes.
    nodes: Vec<Branch<'t>>,
    found: Vec<Finding>,
}

impl<'t> Written<'t> {
    fn say(
        &mut self,
        severity: Severity,
        rule: &'static str,
        span: Span,
        message: &str,
        help: &str,
    ) {
        let finding = Finding::new(severity, rule, self.tree.source(), span, message);
        self.found.push(Finding {
            help: help.to_owned(),
            ..finding
        });
    }

    fn kind(&self, index: usize) -> &'static str {
        self.nodes.get(index).map_or("line_end", |node| node.kind())
    }

    /// What stands behind this node in its line, up to a `dnl`.
    fn rest(&self, index: usize) -> Vec<Branch<'t>> {
        let rest = self.nodes[index + 1..].iter().copied();
        rest.take_while(|node| !matches!(node.kind(), "line_end" | "dnl"))
            .collect()
    }

    fn is_called(&self, index: usize) -> bool {
        let name = callee(self.nodes[index]);
        CALLED.contains(&name) || WORDS.contains(&name)
    }

    /// `#`, which begins no remark.
    fn remark(&mut self, index: usize) {
        let node = self.nodes[index];
        if self.kind(index + 1) == "dnl" {
            // Calls print lines that are remarks anyhow, or none.
            let mut behind = self.nodes[index + 2..].iter().map(|node| node.kind());
            let next = behind.find(|kind| !matches!(*kind, "call" | "dnl"));
            let (severity, message) = if matches!(next, Some("word" | "text")) {
                let message = "`#dnl` prints `#` and deletes the line end, so that the next line of sendmail.cf \
                               becomes a remark";
                (Severity::Warning, message)
            } else {
                let message = "`#dnl` prints `#` and deletes the line end: a line of sendmail.cf that comes to stand \
                               behind it becomes a remark";
                (Severity::Note, message)
            };
            return self.say(severity, "hash-dnl", node.span(), message, "write `dnl #`");
        }
        let last = index + self.rest(index).len();
        if let Some(live) = (index + 1..=last).find(|&at| self.is_called(at)) {
            let live = self.nodes[live];
            let message = format!(
                "`#` begins no remark for m4 here: this `{}` takes effect",
                callee(live)
            );
            let span = Span::new(node.span().start, live.span().end);
            self.say(
                Severity::Warning,
                "live-remark",
                span,
                &message,
                "write `dnl` in front of it",
            );
        }
    }

    /// The name of a macro away from its parenthesis.
    fn word(&mut self, index: usize) {
        let node = self.nodes[index];
        let apart = self.kind(index + 1) == "blank" && self.kind(index + 2) == "group";
        if apart && CALLED.contains(&node.text()) {
            let message = format!(
                "the blank before the parenthesis makes this no call of `{}` with arguments: what stands in the \
                 parentheses is no argument",
                node.text()
            );
            self.say(
                Severity::Error,
                "space-before-parenthesis",
                node.span(),
                &message,
                "remove the blank",
            );
        }
    }

    /// What stands behind a call.
    fn behind(&mut self, index: usize) {
        let name = callee(self.nodes[index]);
        let first = self
            .rest(index)
            .into_iter()
            .find(|node| node.kind() != "blank");
        if let Some(stray) = first.filter(|node| matches!(node.kind(), "word" | "text"))
            && !WORDS.contains(&name)
        {
            let message = format!(
                "what stands behind this call of `{name}` goes into sendmail.cf, where the daemon refuses it as a line \
                 that it does not know"
            );
            self.say(
                Severity::Error,
                "trailing-text",
                stray.span(),
                &message,
                "write `dnl` in front of it",
            );
        }
        let blank = self.kind(index + 1) == "blank" && self.kind(index + 2) == "dnl";
        let raw = self
            .nodes
            .get(index + 3)
            .filter(|node| blank && node.kind() == "word");
        if raw.is_some_and(|node| !is_library(node.text())) {
            let message = "the blank before `dnl` stays and makes the next line continue the one before it, which the \
                           daemon reads as part of that";
            let span = self.nodes[index + 1].span();
            self.say(
                Severity::Warning,
                "blank-before-dnl",
                span,
                message,
                "remove the blank",
            );
        }
    }

    /// Quotes that m4 does not know.
    fn quotes(&mut self, call: Branch<'_>) {
        let name = callee(call);
        let Some(argument) = call.child("argument") else {
            return;
        };
        let text = argument.text().trim();
        if CALLED.contains(&name) && name != "VERSIONID" && text.starts_with(['\'', '"']) {
            let message = format!(
                "`{text}` is no quoted text for m4: the quotes become part of the name, so that this sets nothing"
            );
            let help = "quote with a backtick before and an apostrophe behind";
            self.say(
                Severity::Error,
                "straight-quotes",
                argument.span(),
                &message,
                help,
            );
        }
    }

    /// Characters that only look like others.
    fn characters(&mut self, node: Branch<'_>) {
        let found = node
            .text()
            .char_indices()
            .find(|(_, c)| LIKENESSES.contains(c));
        if let Some((at, c)) = found {
            let message = "a typographic quote, hard blank or byte order mark is plain text for m4: what it stands at is \
                           not set";
            let span = node.span().part(at..at + c.len_utf8());
            self.say(
                Severity::Warning,
                "typographic-character",
                span,
                message,
                "write plain ASCII",
            );
        }
    }
}

fn is_library(word: &str) -> bool {
    word.starts_with("LOCAL_") || matches!(word, "MAILER_DEFINITIONS" | "divert" | "undivert")
}

/// Findings of the lines that reach sendmail.cf as they are.
pub fn of_lines(tree: &Tree, reading: &Reading) -> Vec<Finding> {
    let strays = super::cf::syntax(tree).into_iter().filter(|finding| {
        matches!(
            finding.rule,
            "stray-line" | "continues-nothing" | "rule-without-tab" | "rule-without-ruleset"
        )
    });
    let placed = strays.filter_map(|finding| {
        let place = reading.place(finding.labels.first()?.place.span)?;
        let message = format!("this text reaches sendmail.cf: {}", finding.message);
        let moved = Finding::new(
            finding.severity,
            finding.rule,
            &place.source,
            place.span,
            message,
        );
        Some(Finding {
            help: finding.help,
            ..moved
        })
    });
    placed.collect()
}

/// Findings of what the file defines.
pub fn of_reading(reading: &Reading, model: &Model, version: Version) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut say = |severity, rule, place: &crate::text::Place, message: String, help: String| {
        let finding = Finding::new(severity, rule, &place.source, place.span, message);
        found.push(Finding { help, ..finding });
    };
    for (name, defined) in &reading.defined {
        let row = catalogue::macros().get(name);
        if let Some((_, help)) = OBSOLETE.iter().find(|(old, _)| old == name) {
            let message = format!("`{name}` is obsolete: m4 warns of it or does nothing with it");
            say(
                Severity::Warning,
                "obsolete-macro",
                &defined.place,
                message,
                (*help).to_owned(),
            );
        } else if let Some(row) = row.filter(|row| !catalogue::has(*row, version)) {
            let message = format!(
                "`{name}` does nothing before Sendmail {}: {version} does not look at it",
                row.get("introduced")
            );
            say(
                Severity::Warning,
                "too-new-parameter",
                &defined.place,
                message,
                String::new(),
            );
        } else if row.is_none() && name.starts_with("conf") {
            let message = format!(
                "no part of the library reads `{name}`: defining it sets nothing, and nothing says so"
            );
            let near = catalogue::macros().nearest(name);
            let help = near.map_or_else(String::new, |near| format!("did you mean `{near}`?"));
            say(
                Severity::Warning,
                "unknown-macro",
                &defined.place,
                message,
                help,
            );
        }
        let mailer = TAKEN.iter().find(|(begin, _)| name.starts_with(begin));
        let made = mailer.and_then(|(_, mailer)| {
            reading
                .asked
                .iter()
                .find(|asked| asked.kind == "MAILER" && asked.name == *mailer)
        });
        if let Some(made) = made.filter(|made| made.order < defined.order) {
            let message = format!(
                "`{name}` is defined after `MAILER({})`, which made the mailer without it: it does nothing",
                made.name
            );
            say(
                Severity::Warning,
                "define-too-late",
                &defined.place,
                message,
                "move it before that `MAILER`".to_owned(),
            );
        }
    }
    found.extend(super::cf::positions(model));
    let mut say = |severity, rule, place: &crate::text::Place, message: String, help: String| {
        let finding = Finding::new(severity, rule, &place.source, place.span, message);
        found.push(Finding { help, ..finding });
    };
    let smtp = model.mailers.iter().any(|mailer| mailer.name == "smtp");
    if let Some(asked) = reading.asked.iter().find(|asked| asked.kind == "OSTYPE")
        && let Some(place) = &asked.place
        && !smtp
    {
        let message =
            "there is no `MAILER(smtp)`: mail for other hosts is refused as unroutable".to_owned();
        say(
            Severity::Warning,
            "no-smtp-mailer",
            place,
            message,
            "add `` MAILER(`smtp') `` at the end".to_owned(),
        );
    }
    found
}
