//! What Postfix's own reader of main.cf and master.cf says of them: duplicates, unknown and
//! undefined names, faulty references, old names. Must not know what a parameter does.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::dictionary::{Dictionary, is_read_only};
use super::expand::{Fault, references};
use super::mending::{renewed, without};
use super::parameters::Parameter;
use super::referenced::words;
use super::services::Service;
use super::syntax::Joined;
use crate::catalogue::Table;
use crate::findings::{Finding, Severity};
use crate::text::{Edit, Place, Source, Span};

static CLIENTS: Table = Table::new(include_str!("../../../schemas/postfix/clients.tsv"));

/// A name with the file and the place where it is referred to, and by which service.
struct Use<'a> {
    name: String,
    source: &'a Arc<Source>,
    span: Span,
    service: Option<&'a Service>,
}

/// A name that is set, with its value, its place, and by which service.
#[derive(Debug)]
pub struct Set<'a> {
    pub name: &'a str,
    pub value: &'a Joined,
    pub source: &'a Arc<Source>,
    pub span: Span,
    pub service: Option<&'a Service>,
}

/// All of it. `master` is the text of master.cf.
pub fn warnings(dictionary: &Dictionary, master: Option<&Arc<Source>>) -> Vec<Finding> {
    let mut findings = duplicates(dictionary);
    let sets = sets(dictionary, master);
    let mut references: Vec<Use<'_>> = Vec::new();
    for set in &sets {
        // What is left to the program that uses it has names of its own.
        if !dictionary
            .parameter(set.name)
            .is_some_and(Parameter::is_raw)
        {
            references.extend(uses(set, dictionary, &mut findings));
        }
    }
    let known = Known {
        dictionary,
        used: references.iter().map(|used| used.name.as_str()).collect(),
        classes: classes(dictionary),
        clients: clients(&sets),
    };
    findings.extend(sets.iter().filter_map(|set| known.judge(set)));
    findings.extend(undefined(dictionary, &references));
    findings
}

/// What main.cf sets, and the services of master.cf.
pub fn sets<'a>(dictionary: &'a Dictionary, master: Option<&'a Arc<Source>>) -> Vec<Set<'a>> {
    let of_main = dictionary.counting().into_iter().map(|written| Set {
        name: &written.name,
        value: &written.value,
        source: &dictionary.source,
        span: written.name_span,
        service: None,
    });
    let services = dictionary.services().iter();
    let of_services =
        services.flat_map(|service| service.overrides.iter().map(move |own| (service, own)));
    let of_master = master.into_iter().flat_map(|source| {
        of_services.clone().map(move |(service, own)| Set {
            name: &own.name,
            value: &own.value,
            source,
            span: own.name_span,
            service: Some(service),
        })
    });
    of_main.chain(of_master).collect()
}

/// Names that are set twice, to different values.
fn duplicates(dictionary: &Dictionary) -> Vec<Finding> {
    let mut last: HashMap<&str, &super::syntax::Written> = HashMap::new();
    let mut findings = Vec::new();
    for setting in dictionary.settings.iter() {
        if let Some(earlier) = last.insert(&setting.name, setting)
            && earlier.value.text != setting.value.text
        {
            let source = &dictionary.source;
            let message = format!(
                "`{}` is set a second time, and the last setting counts: the earlier one, `{}`, does nothing",
                setting.name, earlier.value.text
            );
            findings.push(
                Finding::new(
                    Severity::Warning,
                    "duplicate-setting",
                    source,
                    setting.name_span,
                    message,
                )
                .and(Place::new(source, earlier.name_span), "set before here")
                .help("keep the one that is meant")
                .safe_fix(without(source, earlier.name_span, &earlier.value)),
            );
        }
    }
    findings
}

/// The names that a value refers to; a faulty one is a finding.
fn uses<'a>(set: &Set<'a>, dictionary: &Dictionary, findings: &mut Vec<Finding>) -> Vec<Use<'a>> {
    match references(&set.value.text, dictionary.version) {
        Ok(names) => names
            .into_iter()
            .map(|(name, at)| Use {
                name,
                source: set.source,
                span: set.value.span(at),
                service: set.service,
            })
            .collect(),
        Err(fault) => {
            findings.push(bad_reference(set.source, set.value, fault));
            Vec::new()
        }
    }
}

/// That a value cannot be expanded.
pub fn bad_reference(source: &Arc<Source>, value: &Joined, fault: Fault) -> Finding {
    Finding::new(
        Severity::Error,
        "bad-reference",
        source,
        value.span(fault.at),
        format!("{}: every program that asks for this value dies", fault.message),
    )
    .help("a literal dollar sign is `$$`; a reference is `$name`, `${name}`, `${name?{text}:{text}}`, and none leads back to itself")
}

/// The prefixes of client settings in main.cf, with the type of their table.
fn clients(sets: &[Set<'_>]) -> Vec<(String, String)> {
    let mut clients = Vec::new();
    for set in sets {
        for word in words(&set.value.text) {
            if let Some((kind, prefix)) = word.split_once(':')
                && CLIENTS.get(kind).is_some()
                && !prefix.starts_with(['/', '.'])
            {
                clients.push((prefix.to_owned(), kind.to_owned()));
            }
        }
    }
    clients
}

/// The restriction classes that main.cf names, and those that a service with settings of its own
/// sees.
fn classes(dictionary: &Dictionary) -> Vec<(Option<&Service>, BTreeSet<String>)> {
    let services = dictionary.services().iter();
    let own = services.filter(|service| !service.overrides.is_empty());
    std::iter::once(None)
        .chain(own.map(Some))
        .map(|service| (service, dictionary.classes(service)))
        .collect()
}

/// What makes a name one that counts.
struct Known<'a> {
    dictionary: &'a Dictionary,
    /// Names that are referred to.
    used: BTreeSet<&'a str>,
    classes: Vec<(Option<&'a Service>, BTreeSet<String>)>,
    clients: Vec<(String, String)>,
}

impl Known<'_> {
    /// Whether the name is that of a restriction class to someone who sees this setting of it.
    fn is_class(&self, set: &Set<'_>) -> bool {
        self.classes.iter().any(|(service, names)| {
            let sees = match set.service {
                Some(own) => service.is_some_and(|service| std::ptr::eq(service, own)),
                None => service.is_none_or(|service| service.own(set.name).is_none()),
            };
            sees && names.contains(set.name)
        })
    }

    fn counts(&self, set: &Set<'_>) -> bool {
        let name = set.name;
        let of_client = |(prefix, kind): &(String, String)| {
            let ending = name
                .strip_prefix(prefix.as_str())
                .and_then(|rest| rest.strip_prefix('_'));
            ending.is_some_and(|ending| {
                let version = self.dictionary.version;
                CLIENTS
                    .find(kind)
                    .any(|row| row.get("name") == ending && version.has(row.get("introduced")))
            })
        };
        self.dictionary.parameter(name).is_some()
            || Parameter::named(name).is_some_and(|known| known.is_legacy(self.dictionary.version))
            || self.used.contains(name)
            || name == "stress"
            || self.clients.iter().any(of_client)
            || self.is_class(set)
    }

    /// What is to be said of a name that is set.
    fn judge(&self, set: &Set<'_>) -> Option<Finding> {
        let name = set.name;
        let version = self.dictionary.version;
        let finding = |rule, message: String| {
            Finding::new(Severity::Warning, rule, set.source, set.span, message)
        };
        let known = Parameter::named(name);
        if let Some(instead) = known.and_then(|known| known.deprecated(version)) {
            let message = format!(
                "`{name}` is on its way out: Postfix {version} says that it will be removed"
            );
            let told = finding("deprecated-parameter", message).help(if instead.is_empty() {
                "take it out; the default does".to_owned()
            } else {
                format!("use `{instead}`")
            });
            return Some(renewed(told, set, instead, self.dictionary));
        }
        if is_read_only(name) {
            let message =
                format!("`{name}` is what each program sets for itself: this does nothing");
            let told = finding("read-only-parameter", message).help("take it out");
            return Some(told.safe_fix(without(set.source, set.span, set.value)));
        }
        if self.counts(set) {
            return None;
        }
        if let Some(known) = known {
            let (rule, message) = if version.has(known.introduced()) {
                let message = format!(
                    "`{name}` was removed in Postfix {}: this does nothing",
                    known.removed()
                );
                ("removed-parameter", message)
            } else {
                let came = known.introduced().replace(',', ", ");
                let message = format!(
                    "`{name}` came with Postfix {came}; {version} does not know it, so this does nothing"
                );
                ("too-new-parameter", message)
            };
            let told = finding(rule, message).help("take it out");
            // Who asks about several versions may have set it for another one.
            return Some(if rule == "removed-parameter" {
                told.unsafe_fix(without(set.source, set.span, set.value))
            } else {
                told
            });
        }
        if let Some(transport) = transport_of(name) {
            // Without a master.cf the name is as good as any.
            let mut services = self.dictionary.services.as_ref()?.iter();
            let (message, help) = match services.find(|service| service.name() == transport) {
                // The queue manager asks for some of these names whatever the program is.
                Some(service) => (
                    format!(
                        "`{name}` is for a transport, and `{}` of master.cf, which runs `{}`, is none that has it: postconf calls it unused",
                        service.scope(),
                        service.command()
                    ),
                    "correct the name; keep it if it is meant for the queue manager".to_owned(),
                ),
                None => (
                    format!(
                        "`{name}` is for a transport `{transport}`, and master.cf has none: it does nothing"
                    ),
                    format!("correct the name, or add the service `{transport}` to master.cf"),
                ),
            };
            return Some(finding("unknown-parameter", message).help(help));
        }
        let message = format!(
            "`{name}` is no parameter of Postfix {version} and nothing refers to it: it does nothing"
        );
        let told = finding("unknown-parameter", message);
        Some(match Parameter::meant_by(name, version) {
            Some(near) => {
                let place = Place::new(set.source, set.span);
                let text = near.to_owned();
                told.help(format!("did you mean `{near}`?"))
                    .unsafe_fix(vec![Edit { place, text }])
            }
            None => told.help("take it out, or correct the name"),
        })
    }
}

/// The transport that a name is for: what stands before an ending that goes behind a transport.
fn transport_of(name: &str) -> Option<&str> {
    let mut fronts = name.match_indices('_').map(|(at, _)| name.split_at(at));
    fronts
        .find(|(_, ending)| Parameter::of_transport(&ending[1..]).is_some())
        .map(|(transport, _)| transport)
}

/// References to names that are nowhere set and no parameters: the daemon takes the empty text.
fn undefined(dictionary: &Dictionary, references: &[Use<'_>]) -> Vec<Finding> {
    let version = dictionary.version;
    let sets = |service: &Service, name: &str| service.own(name).is_some();
    let is_defined = |used: &&Use<'_>| {
        let name = used.name.as_str();
        let mut services = dictionary.services().iter();
        dictionary.set(name).is_some()
            || dictionary.parameter(name).is_some()
            || Parameter::named(name).is_some_and(|known| known.is_legacy(version))
            || name == "stress"
            || match used.service {
                Some(service) => sets(service, name),
                None => services.any(|service| sets(service, name)),
            }
    };
    references
        .iter()
        .filter(|used| !is_defined(used))
        .map(|used| {
            let name = &used.name;
            let message = format!("`${name}` is nowhere set: Postfix takes the empty text for it");
            Finding::new(
                Severity::Warning,
                "undefined-name",
                used.source,
                used.span,
                message,
            )
            .help(match Parameter::meant_by(name, version) {
                Some(near) => format!("did you mean `${near}`?"),
                None => format!("set `{name}` in main.cf, or take the reference out"),
            })
        })
        .collect()
}
