//! The services of master.cf (master(5)). Must not know main.cf.

use std::rc::Rc;
use std::sync::Arc;

use super::mending::without;
use super::syntax::{Joined, fields, is_white, parse_master};
use crate::findings::{Finding, Severity};
use crate::mta::config::World;
use crate::mta::tree::{Branch, Tree};
use crate::text::{Edit, Place, Source, Span};

/// The options of the daemons that take a value.
const WITH_VALUE: &str = "imnorst";

/// The names of ports that the daemon knows by itself.
const PORTS: [(&str, &str); 5] = [
    ("lmtp", "24"),
    ("smtp", "25"),
    ("smtps", "465"),
    ("submission", "587"),
    ("submissions", "465"),
];

/// A service.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its eight fields and its arguments, as written.
    pub fields: Vec<Joined>,
    /// What it sets for itself with `-o`, in order.
    pub overrides: Vec<Override>,
}

/// A parameter that a service sets for itself.
#[derive(Clone, Debug)]
pub struct Override {
    /// The parameter.
    pub name: String,
    /// The characters of the name.
    pub name_span: Span,
    /// Its value; nothing is expanded.
    pub value: Joined,
}

/// The services of a master.cf.
#[derive(Debug)]
pub struct Read {
    /// In order.
    pub services: Rc<Vec<Service>>,
    /// What is wrong with how they are written.
    pub faults: Vec<Finding>,
}

/// Reads a master.cf.
pub fn read(master: &Arc<Source>, world: &World<'_>) -> Rc<Read> {
    world.once(master, || {
        let (services, faults) = services(&world.tree(master, parse_master));
        Read {
            services: Rc::new(services),
            faults,
        }
    })
}

impl Service {
    /// The first field: an endpoint or a name.
    pub fn name(&self) -> &str {
        &self.fields[0].text
    }

    /// The second: inet, unix …
    pub fn kind(&self) -> &str {
        &self.fields[1].text
    }

    /// The eighth: the program.
    pub fn command(&self) -> &str {
        &self.fields[7].text
    }

    /// The program with its arguments as postconf(1) prints them: `-o` with braces only where its
    /// value has blanks.
    pub fn command_line(&self) -> String {
        let mut words = vec![self.command().to_owned()];
        let mut own = self.overrides.iter();
        let mut arguments = self.fields[8..].iter();
        while let Some(argument) = arguments.next() {
            words.push(argument.text.clone());
            let value = if argument.text == "-o" {
                arguments.next()
            } else {
                None
            };
            let Some(value) = value else { continue };
            words.push(match own.next().filter(|_| value.text.starts_with('{')) {
                Some(Override { name, value, .. }) if value.text.contains(is_white) => {
                    format!("{{ {name} = {} }}", value.text)
                }
                Some(Override { name, value, .. }) => format!("{name}={}", value.text),
                None => value.text.clone(),
            });
        }
        words.join(" ")
    }

    /// What `postconf -P` calls it: `submission/inet`.
    pub fn scope(&self) -> String {
        format!("{}/{}", self.name(), self.kind())
    }

    /// What makes it another service than those beside it: its type, and its name with the number
    /// of the port in place of the port's name.
    fn identity(&self) -> (&str, String) {
        let (host, port) = match self.name().rfind(':') {
            Some(colon) => self.name().split_at(colon + 1),
            None => ("", self.name()),
        };
        let number = PORTS
            .iter()
            .find(|(name, _)| self.kind() == "inet" && *name == port)
            .map_or(port, |(_, number)| number);
        (self.kind(), format!("{host}{number}"))
    }

    /// The value that it sets for itself: the last one counts.
    pub fn own(&self, name: &str) -> Option<&Override> {
        self.overrides.iter().rev().find(|own| own.name == name)
    }
}

/// The services of a master.cf, in order, and what the daemon's own reader says of them.
pub fn services(tree: &Tree) -> (Vec<Service>, Vec<Finding>) {
    let mut services: Vec<Service> = Vec::new();
    let mut findings = Vec::new();
    let source = tree.source();
    for node in tree
        .root()
        .children()
        .filter(|node| node.kind() == "service")
    {
        let service = service(node, source, &mut findings);
        check(&service, source, &mut findings);
        let earlier = services
            .iter()
            .position(|known| known.identity() == service.identity());
        if let Some(index) = earlier {
            let earlier = services.remove(index);
            let name = if earlier.name() == service.name() {
                String::new()
            } else {
                format!(", as `{}`", service.name())
            };
            let message = format!(
                "`{}` stands here a second time{name}: the last one counts",
                earlier.scope()
            );
            findings.push(
                Finding::new(
                    Severity::Warning,
                    "duplicate-service",
                    source,
                    service.fields[0].place(),
                    message,
                )
                .and(Place::new(source, earlier.fields[0].place()), "first here")
                .help("keep one of them")
                .safe_fix(earlier.fields.last().map_or_else(Vec::new, |last| {
                    without(source, earlier.fields[0].place(), last)
                })),
            );
        }
        services.push(service);
    }
    (services, findings)
}

fn service(node: Branch<'_>, source: &Arc<Source>, findings: &mut Vec<Finding>) -> Service {
    let fields = fields(node);
    let mut overrides = Vec::new();
    for given in options(&fields[8..]).0 {
        match split(&given) {
            Ok(own) => overrides.push(own),
            Err(message) => findings.push(
                Finding::new(
                    Severity::Error,
                    "bad-override",
                    source,
                    given.place(),
                    format!(
                        "`-o {}`: {message}, so the service does not start",
                        given.text
                    ),
                )
                .help("write `-o name=value` without blanks, or `-o { name = value }`"),
            ),
        }
    }
    Service { fields, overrides }
}

/// The values of `-o` among the arguments of a service, and the arguments behind all options, as
/// getopt(3) reads them: the first that is no option ends the options.
pub fn options(arguments: &[Joined]) -> (Vec<Joined>, &[Joined]) {
    let mut values = Vec::new();
    let mut rest = arguments;
    while let [option, more @ ..] = rest {
        if option.text == "--" {
            return (values, more);
        }
        let Some(letters) = option
            .text
            .strip_prefix('-')
            .filter(|text| !text.is_empty())
        else {
            break;
        };
        rest = more;
        let Some(at) = letters.find(|letter| WITH_VALUE.contains(letter)) else {
            continue;
        };
        let value = if at + 1 < letters.len() {
            option.part(at + 2..option.text.len())
        } else {
            let [value, more @ ..] = rest else { break };
            rest = more;
            value.clone()
        };
        if letters[at..].starts_with('o') {
            values.push(value);
        }
    }
    (values, rest)
}

/// `name=value`, or `{ name = value }`.
fn split(given: &Joined) -> Result<Override, &'static str> {
    let inner = match given.text.strip_prefix('{') {
        Some(rest) => {
            let close = rest.rfind('}').ok_or("the brace is not closed")?;
            if close + 1 < rest.len() {
                return Err("there is text behind the brace");
            }
            given.part(1..close + 1)
        }
        None => given.clone(),
    };
    let (name, _) = inner.text.split_once('=').ok_or("there is no `=`")?;
    let value = inner.part(name.len() + 1..inner.text.len());
    let front = name.len() - name.trim_start_matches(is_white).len();
    let name = name.trim_matches(is_white);
    if name.is_empty() {
        return Err("there is no name before `=`");
    }
    let blanks = value.text.len() - value.text.trim_start_matches(is_white).len();
    let end = value.text.trim_end_matches(is_white).len().max(blanks);
    Ok(Override {
        name: name.to_owned(),
        name_span: inner.span(front..front + name.len()),
        value: value.part(blanks..end),
    })
}

/// The fields that the daemon reads by a vocabulary. What is wrong in one stops the whole of Postfix.
fn write(source: &Arc<Source>, field: &Joined, text: &str) -> Edit {
    Edit {
        place: Place::new(source, field.place()),
        text: text.to_owned(),
    }
}

fn check(service: &Service, source: &Arc<Source>, findings: &mut Vec<Finding>) {
    let number = |text: &str| text == "-" || text.bytes().all(|b| b.is_ascii_digit());
    let rules = [
        (1, "type", "inet, unix, fifo, pass or unix-dgram"),
        (2, "private", "y, n or -"),
        (3, "unprivileged", "y, n or -"),
        (4, "chroot", "y, n or -"),
        (5, "wakeup", "seconds, with `?` behind them or not, or -"),
        (6, "process_limit", "a number or -"),
    ];
    for (index, name, help) in rules {
        let field = &service.fields[index];
        let text = field.text.as_str();
        let holds = match index {
            1 => matches!(text, "inet" | "unix" | "fifo" | "pass" | "unix-dgram"),
            5 => number(text.strip_suffix('?').unwrap_or(text)),
            6 => number(text),
            _ => matches!(text, "y" | "n" | "-"),
        };
        if !holds {
            let meant = match text.to_ascii_lowercase().as_str() {
                "y" | "yes" if (2..5).contains(&index) => vec![write(source, field, "y")],
                "n" | "no" if (2..5).contains(&index) => vec![write(source, field, "n")],
                _ => Vec::new(),
            };
            findings.push(
                Finding::new(
                    Severity::Error,
                    "bad-service-field",
                    source,
                    field.place(),
                    format!(
                        "invalid {name} field `{}`: Postfix does not start",
                        field.text
                    ),
                )
                .help(format!("here stands {help}"))
                .unsafe_fix(meant),
            );
        }
    }
    if service.kind() == "inet" && service.fields[2].text != "n" {
        findings.push(
            Finding::new(
                Severity::Error,
                "private-inet-service",
                source,
                service.fields[2].place(),
                "a service of type inet cannot be private, and `-` means y here: Postfix does not start",
            )
            .help("write n")
            .unsafe_fix(vec![write(source, &service.fields[2], "n")]),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mta::postfix::syntax::parse_master;

    #[test]
    fn options_are_read_as_getopt_does() {
        for (arguments, values, rest) in [
            ("-m 5 -o a=b -va c", &["a=b"][..], &["c"][..]),
            ("-voa=b -o c=d", &["a=b", "c=d"], &[]),
            ("-n o -noa=b -", &[], &["-"]),
            ("-v -- -o a=b", &[], &["-o", "a=b"]),
            ("x -o a=b", &[], &["x", "-o", "a=b"]),
            ("-v -o", &[], &[]),
        ] {
            let text = format!("x unix - - - - - y {arguments}\n");
            let tree = parse_master(&Source::new("master.cf", text));
            let fields = fields(tree.root().child("service").unwrap());
            let (found, left) = options(&fields[8..]);
            let texts =
                |found: &[Joined]| found.iter().map(|one| one.text.clone()).collect::<Vec<_>>();
            assert_eq!(texts(&found), values, "{arguments}");
            assert_eq!(texts(left), rest, "{arguments}");
        }
    }
}
