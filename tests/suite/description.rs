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

/// Whatever the bytes: findings or a description, no panic, and every place inside the text.
#[test]
fn any_text_gives_findings_or_a_description() {
    let base =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/smtpconf.yaml"))
            .unwrap();
    let pieces = [
        "\t",
        "\u{0}",
        "\u{feff}",
        "\r",
        "\n",
        ": ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        "&a ",
        "*a",
        "!!x ",
        "|\n",
        ">\n",
        "'",
        "\"",
        "#",
        "?",
        "---\n",
        "...",
        "%YAML 1.3\n",
        "ä",
        "\u{202e}",
        "<<: ",
        "~",
        "0x",
        "@",
        "`",
        ",",
    ];
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..20_000 {
        let mut text = base.clone();
        for _ in 0..random.usize(1..4) {
            let mut at = random.usize(0..=text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            if random.bool() {
                text.insert_str(at, pieces[random.usize(0..pieces.len())]);
            } else {
                let mut end = (at + random.usize(0..12)).min(text.len());
                while !text.is_char_boundary(end) {
                    end += 1;
                }
                text.replace_range(at..end, "");
            }
        }
        let source = Source::new("fuzz", text.clone());
        let (description, findings) = description::read(&source);
        assert!(
            description.is_some() || findings.iter().any(|f| f.severity == Severity::Error),
            "{text:?}"
        );
        for label in findings.iter().flat_map(|finding| &finding.labels) {
            let span = label.place.span;
            assert!(
                text.get(span.start..span.end).is_some(),
                "{text:?} {span:?}"
            );
        }
        crate::reports::print("human", &findings);
        assert_eq!(
            report::concise(&findings).lines().count(),
            findings.len(),
            "{text:?}"
        );
    }
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
