//! Descriptions and what is said of them: each fixture beside its report.

use std::fs;
use std::path::Path;

use smtpconf::description;
use smtpconf::findings::Severity;
use smtpconf::report;
use smtpconf::text::Source;

/// With `UPDATE=1` the reports are written anew instead; read them before you commit them.
#[test]
fn every_fixture_has_its_report() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/description");
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        count += 1;
        let name = path.file_name().unwrap().to_str().unwrap();
        let source = Source::new(name, fs::read_to_string(&path).unwrap());
        let (description, findings) = description::read(&source);
        let report = report::concise(&findings);
        let faulty = findings
            .iter()
            .any(|finding| finding.severity == Severity::Error);
        assert_eq!(description.is_none(), faulty, "{name}");
        let golden = path.with_extension("txt");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&golden, &report).unwrap();
        }
        assert_eq!(
            fs::read_to_string(&golden).unwrap_or_default(),
            report,
            "{name}"
        );
    }
    assert!(count > 35);
}

#[test]
fn the_hash_is_of_the_content_alone() {
    let hash = |text: &str| {
        let (description, findings) = description::read(&Source::new("t", text));
        description.unwrap_or_else(|| panic!("{findings:?}")).hash()
    };
    let one = hash("hostname: mail.example.com\ndomains: [a.example, b.example]\nports: [25]\n");
    let same = hash(
        "# why\nports: [ 25 ]\nhostname: MAIL.example.com\ndomains:\n- b.example\n- a.example\n",
    );
    let other = hash("hostname: mail.example.com\ndomains: [a.example]\nports: [25]\n");
    assert_eq!(one, same);
    assert_ne!(one, other);
}

#[test]
fn a_deep_document_is_refused() {
    for text in [
        "[".repeat(100_000),
        "- ".repeat(100_000),
        "{a: ".repeat(50_000),
    ] {
        let (description, findings) = description::read(&Source::new("deep", text));
        assert!(description.is_none() && !findings.is_empty());
    }
}

#[test]
fn a_fault_within_quotes_is_shown_under_its_characters() {
    let source = Source::new(
        "smtpconf.yaml",
        "hostname: \"mail.exa_mple.com\"\ndomains: []\n",
    );
    let (_, findings) = description::read(&source);
    let shown = findings
        .iter()
        .map(|finding| source.slice(finding.labels[0].place.span));
    assert!(
        shown.clone().any(|text| text == "_"),
        "{:?}",
        shown.collect::<Vec<_>>()
    );
}

#[test]
fn providers_are_known_by_their_hosts() {
    for (host, name) in [
        ("smtp.gmail.com", Some("gmail")),
        (
            "example-com.mail.protection.outlook.com",
            Some("m365-relay"),
        ),
        ("email-smtp.eu-west-1.amazonaws.com", Some("ses")),
        ("ec2-203-0-113-7.eu-west-1.compute.amazonaws.com", None),
        ("mail.example.com", None),
    ] {
        let known = description::Provider::of(host).map(|provider| provider.name.as_str());
        assert_eq!(known, name, "{host}");
    }
}
