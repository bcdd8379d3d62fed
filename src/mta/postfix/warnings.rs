//! What Postfix's own reader of main.cf and master.cf says of them: duplicates, unknown and
//! undefined names, faulty references, old names. Must not know what a parameter does.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::dictionary::Dictionary;
use super::expand::references;
use super::parameters::Parameter;
use super::services::Service;
use super::syntax::{Joined, is_white};
use crate::findings::{Finding, Severity};
use crate::text::{Place, Source, Span};

/// The endings of the parameters that a lookup table of this type takes from main.cf when its name
/// is no path (ldap_table(5), mysql_table(5) …).
const CLIENTS: [(&str, &str); 6] = [
    (
        "ldap",
        "bind bind_dn bind_pw cache cache_expiry cache_size chase_referrals debuglevel dereference domain expansion_limit \
         leaf_result_attribute query_filter recursion_limit result_attribute result_filter result_format sasl_authz_id \
         sasl_mechs sasl_minssf sasl_realm scope search_base server_host server_port size_limit special_result_attribute \
         start_tls terminal_result_attribute timeout tls_ca_cert_dir tls_ca_cert_file tls_cert tls_cipher_suite tls_key \
         tls_random_file tls_require_cert version",
    ),
    (
        "mysql",
        "additional_conditions charset dbname domain expansion_limit hosts idle_interval option_file option_group password \
         query require_result_set result_format retry_interval select_field table tls_CAfile tls_CApath tls_cert_file \
         tls_ciphers tls_key_file tls_verify_cert user where_field",
    ),
    (
        "pgsql",
        "additional_conditions dbname domain encoding expansion_limit hosts idle_interval password query result_format \
         retry_interval select_field select_function table user where_field",
    ),
    (
        "sqlite",
        "additional_conditions dbpath domain expansion_limit query result_format select_field table where_field",
    ),
    (
        "memcache",
        "backup data_size_limit domain flags key_digest key_format line_size_limit max_try memcache retry_pause timeout ttl",
    ),
    (
        "mongodb",
        "collection dbname domain expansion_limit projection query_filter result_attribute result_format uri",
    ),
];

/// A name with the file and the place where it is referred to.
type Use<'a> = (String, &'a Arc<Source>, Span);

/// All of it. `master` is the text of master.cf.
pub fn warnings(dictionary: &Dictionary, master: Option<&Arc<Source>>) -> Vec<Finding> {
    let mut findings = duplicates(dictionary);
    let services = dictionary.services.as_deref().unwrap_or_default();
    let mut used: BTreeSet<String> = BTreeSet::new();
    let mut uses: Vec<(Use<'_>, Option<&Service>)> = Vec::new();
    for setting in dictionary.counting() {
        // What is left to the program that uses it has names of its own.
        if dictionary
            .parameter(&setting.name)
            .is_some_and(Parameter::is_raw)
        {
            continue;
        }
        for found in names(
            &setting.value,
            &dictionary.source,
            dictionary,
            &mut findings,
        ) {
            used.insert(found.0.clone());
            uses.push((found, None));
        }
    }
    if let Some(master) = master {
        for service in services {
            for own in &service.overrides {
                for found in names(&own.value, master, dictionary, &mut findings) {
                    used.insert(found.0.clone());
                    uses.push((found, Some(service)));
                }
            }
        }
    }
    let clients = clients(dictionary);
    for setting in dictionary.counting() {
        findings.extend(
            name(
                &setting.name,
                &setting.value,
                setting.name_span,
                &dictionary.source,
                dictionary,
                None,
                &used,
                &clients,
            )
            .into_iter(),
        );
    }
    if let Some(master) = master {
        for service in services {
            for own in &service.overrides {
                let span = own.value.place();
                findings.extend(name(
                    &own.name,
                    &own.value,
                    span,
                    master,
                    dictionary,
                    Some(service),
                    &used,
                    &clients,
                ));
            }
        }
    }
    findings.extend(undefined(dictionary, &uses));
    findings
}

/// Names that are set twice, to different values.
fn duplicates(dictionary: &Dictionary) -> Vec<Finding> {
    let mut last: HashMap<&str, &super::syntax::Written> = HashMap::new();
    let mut findings = Vec::new();
    for setting in &dictionary.settings {
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
                .help("keep the one that is meant"),
            );
        }
    }
    findings
}

/// The names that a value refers to; a faulty one is a finding.
fn names<'a>(
    value: &Joined,
    source: &'a Arc<Source>,
    dictionary: &Dictionary,
    findings: &mut Vec<Finding>,
) -> Vec<Use<'a>> {
    match references(&value.text, dictionary.version) {
        Ok(names) => names
            .into_iter()
            .map(|(name, at)| (name, source, value.span(at)))
            .collect(),
        Err(fault) => {
            findings.push(
                Finding::new(
                    Severity::Error,
                    "bad-reference",
                    source,
                    value.span(fault.at),
                    format!("{}: every program that asks for this value dies", fault.message),
                )
                .help("a literal dollar sign is `$$`; a reference is `$name`, `${name}`, `${name?{text}:{text}}`"),
            );
            Vec::new()
        }
    }
}

/// The prefixes of client settings in main.cf, with the type of the table.
fn clients(dictionary: &Dictionary) -> Vec<(String, &'static str)> {
    let services = dictionary.services.iter().flatten();
    let own = services.flat_map(|service| service.overrides.iter().map(|own| &own.value));
    let values = dictionary
        .settings
        .iter()
        .map(|setting| &setting.value)
        .chain(own);
    let mut clients = Vec::new();
    for value in values {
        for word in value.text.split(|c: char| is_white(c) || ",{}".contains(c)) {
            let word = ["proxy:", "debug:"]
                .iter()
                .fold(word, |word, front| word.strip_prefix(front).unwrap_or(word));
            if let Some((kind, prefix)) = word.split_once(':')
                && let Some((_, endings)) = CLIENTS.iter().find(|(known, _)| *known == kind)
                && !prefix.starts_with(['/', '.'])
            {
                clients.push((prefix.to_owned(), *endings));
            }
        }
    }
    clients
}

/// What is to be said of a name that is set.
#[allow(clippy::too_many_arguments, reason = "one place that needs all of it")]
fn name(
    name: &str,
    value: &Joined,
    span: Span,
    source: &Arc<Source>,
    dictionary: &Dictionary,
    service: Option<&Service>,
    used: &BTreeSet<String>,
    clients: &[(String, &'static str)],
) -> Option<Finding> {
    let version = dictionary.version;
    let finding =
        |severity, rule, message: String| Finding::new(severity, rule, source, span, message);
    let known = Parameter::named(name);
    if let Some(instead) = known.and_then(|known| known.deprecated(version)) {
        return Some(
            finding(
                Severity::Warning,
                "deprecated-parameter",
                format!(
                    "`{name}` is on its way out: Postfix {version} says that it will be removed"
                ),
            )
            .help(if instead.is_empty() {
                "take it out; the default does".to_owned()
            } else {
                format!("use `{instead}`")
            }),
        );
    }
    if matches!(name, "process_id" | "process_name")
        || (name == "service_name" && version.is_at_least(&[3, 4]))
    {
        return Some(
            finding(
                Severity::Warning,
                "read-only-parameter",
                format!("`{name}` is what each program sets for itself: this does nothing"),
            )
            .help("take it out"),
        );
    }
    let is_class = dictionary.classes().contains(name) && !value.text.is_empty();
    let is_known = dictionary.parameter(name).is_some()
        || known.is_some_and(|known| known.is_legacy(version))
        || is_class
        || used.contains(name)
        || name == "stress"
        || clients.iter().any(|(prefix, endings)| {
            let ending = name
                .strip_prefix(prefix.as_str())
                .and_then(|rest| rest.strip_prefix('_'));
            ending.is_some_and(|ending| {
                endings
                    .split_ascii_whitespace()
                    .any(|known| known == ending)
            })
        });
    if is_known {
        return None;
    }
    if let Some(known) = known {
        let introduced = known.introduced();
        let (rule, message) = if version.has(introduced) {
            let removed = known.removed();
            (
                "removed-parameter",
                format!("`{name}` was removed in Postfix {removed}: this does nothing"),
            )
        } else {
            let came = introduced.replace(',', ", ");
            (
                "too-new-parameter",
                format!(
                    "`{name}` came with Postfix {came}; {version} does not know it, so this does nothing"
                ),
            )
        };
        return Some(finding(Severity::Warning, rule, message).help("take it out"));
    }
    if let Some(finding) = of_transport(name, dictionary, source, span) {
        return finding;
    }
    let message = format!(
        "`{name}` is no parameter of Postfix {version} and nothing refers to it: it does nothing"
    );
    let scope = service.map(|_| " (a misspelt name here leaves the service without the setting)");
    Some(
        finding(Severity::Warning, "unknown-parameter", message).help(
            match Parameter::meant_by(name, version) {
                Some(near) => format!("did you mean `{near}`?{}", scope.unwrap_or_default()),
                None => "take it out, or correct the name".to_owned(),
            },
        ),
    )
}

/// Whether a name is that of a transport with one of the endings that go behind it; then it is as
/// good as the transport. Without a master.cf that is not known.
fn of_transport(
    name: &str,
    dictionary: &Dictionary,
    source: &Arc<Source>,
    span: Span,
) -> Option<Option<Finding>> {
    let (at, _) = name
        .match_indices('_')
        .find(|(at, _)| Parameter::of_transport(&name[at + 1..]).is_some())?;
    if dictionary.services.is_none() {
        return Some(None);
    }
    let transport = &name[..at];
    let message = format!(
        "`{name}` is for a transport `{transport}`, and master.cf has none: it does nothing"
    );
    Some(Some(
        Finding::new(
            Severity::Warning,
            "unknown-parameter",
            source,
            span,
            message,
        )
        .help(format!(
            "correct the name, or add the service `{transport}` to master.cf"
        )),
    ))
}

/// References to names that are nowhere set and no parameters: the daemon takes the empty text.
fn undefined(dictionary: &Dictionary, uses: &[(Use<'_>, Option<&Service>)]) -> Vec<Finding> {
    let any_service = |name: &str| {
        let services = dictionary.services.iter().flatten();
        services
            .into_iter()
            .any(|service| service.own(name).is_some())
    };
    let is_defined = |name: &str, service: Option<&Service>| {
        dictionary.set(name).is_some()
            || dictionary.parameter(name).is_some()
            || Parameter::named(name).is_some_and(|known| known.is_legacy(dictionary.version))
            || name == "stress"
            || service.map_or_else(|| any_service(name), |service| service.own(name).is_some())
    };
    uses.iter()
        .filter(|((name, _, _), service)| !is_defined(name, *service))
        .map(|((name, source, span), _)| {
            let message = format!("`${name}` is nowhere set: Postfix takes the empty text for it");
            Finding::new(Severity::Warning, "undefined-name", source, *span, message).help(
                match Parameter::meant_by(name, dictionary.version) {
                    Some(near) => format!("did you mean `${near}`?"),
                    None => format!("set `{name}` in main.cf, or take the reference out"),
                },
            )
        })
        .collect()
}
