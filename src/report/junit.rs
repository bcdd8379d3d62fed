//! The XML of `JUnit`, for servers that show test results: a suite for each file, a case for each finding.
//! What is below the gate is skipped and no failure, so that such a server and the exit code agree.
//! Source: `junit-10.xsd` of Jenkins' xUnit plugin, which refuses a file with anything else in it.

use std::collections::BTreeMap;
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::{Report, concise, place, visible};
use crate::findings::Finding;

/// What is written: XML in memory.
type Xml = Writer<Vec<u8>>;

/// The report as an XML document.
pub fn junit(report: &Report<'_>) -> String {
    let files = report.files.iter();
    let mut suites: BTreeMap<String, Vec<&Finding>> = files
        .map(|file| (report.base.name(file), Vec::new()))
        .collect();
    for finding in report.findings {
        let name =
            place(finding).map_or_else(String::new, |place| report.base.name(place.source.name()));
        suites.entry(name).or_default().push(finding);
    }
    if suites.is_empty() {
        suites.insert("smtpconf".to_owned(), Vec::new());
    }
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Writing to memory cannot fail.
    let _ = document(report, &suites, &mut xml);
    String::from_utf8_lossy(&xml.into_inner()).into_owned() + "\n"
}

fn document(
    report: &Report<'_>,
    suites: &BTreeMap<String, Vec<&Finding>>,
    xml: &mut Xml,
) -> io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("testsuites")
        .with_attribute(("name", "smtpconf"))
        .write_inner_content(|xml| {
            suites
                .iter()
                .try_for_each(|(file, findings)| suite(report, &text(file), findings, xml))
        })?;
    Ok(())
}

fn suite(report: &Report<'_>, file: &str, findings: &[&Finding], xml: &mut Xml) -> io::Result<()> {
    let failures = findings.iter().filter(|finding| fails(report, finding));
    let failures = failures.count();
    let skipped = findings.len() - failures;
    let counts = [
        // A suite without cases looks as if nothing had been looked at.
        ("tests", findings.len().max(1)),
        ("failures", failures),
        ("errors", 0),
        ("skipped", skipped),
    ];
    let mut suite = xml
        .create_element("testsuite")
        .with_attribute(("name", file));
    for (name, count) in counts {
        suite = suite.with_attribute((name, count.to_string().as_str()));
    }
    suite.write_inner_content(|xml| {
        if findings.is_empty() {
            xml.create_element("testcase")
                .with_attributes([("name", "no findings"), ("classname", file)])
                .write_empty()?;
        }
        findings
            .iter()
            .try_for_each(|finding| case(report, file, finding, xml))
    })?;
    Ok(())
}

fn case(report: &Report<'_>, file: &str, finding: &Finding, xml: &mut Xml) -> io::Result<()> {
    // Servers tell the cases of a suite apart by their names.
    let name = place(finding).map_or_else(
        || finding.rule.to_owned(),
        |place| {
            let at = place.source.position(place.span.start);
            format!("{} at {}:{}", finding.rule, at.line, at.column)
        },
    );
    let outcome = if fails(report, finding) {
        "failure"
    } else {
        "skipped"
    };
    xml.create_element("testcase")
        .with_attributes([("name", name.as_str()), ("classname", file)])
        .write_inner_content(|xml| {
            xml.create_element(outcome)
                .with_attribute(("type", finding.severity.word()))
                .with_attribute(("message", text(&finding.message).as_str()))
                .write_text_content(BytesText::new(&text(&concise(std::slice::from_ref(
                    finding,
                )))))?;
            Ok(())
        })?;
    Ok(())
}

fn fails(report: &Report<'_>, finding: &Finding) -> bool {
    finding.severity >= report.gate
}

/// The text without the characters that XML cannot hold.
fn text(text: &str) -> String {
    visible(text).replace(['\u{fffe}', '\u{ffff}'], "?")
}
