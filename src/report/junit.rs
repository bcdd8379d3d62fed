//! JUnit's XML, for servers that show test results: a suite for each file, a case for each finding.
//! What is below the gate is skipped and no failure, so that such a server and the exit code agree.

use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::{Report, concise, place, visible};
use crate::findings::Finding;

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
    let mut document = quick_junit::Report::new("smtpconf");
    for (file, findings) in suites {
        document.add_test_suite(suite(report, &visible(&file), &findings));
    }
    let mut bytes = Vec::new();
    // Writing to memory cannot fail.
    let _ = document.serialize(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn suite(report: &Report<'_>, file: &str, findings: &[&Finding]) -> TestSuite {
    let mut suite = TestSuite::new(file);
    // A suite without cases looks as if nothing had been looked at.
    if findings.is_empty() {
        let mut case = TestCase::new("no findings", TestCaseStatus::success());
        case.set_classname(file);
        suite.add_test_case(case);
    }
    for finding in findings {
        suite.add_test_case(case(report, file, finding));
    }
    suite
}

fn case(report: &Report<'_>, file: &str, finding: &Finding) -> TestCase {
    let mut status = if finding.severity >= report.gate {
        TestCaseStatus::non_success(NonSuccessKind::Failure)
    } else {
        TestCaseStatus::skipped()
    };
    status
        .set_type(finding.severity.word())
        .set_message(visible(&finding.message))
        .set_description(concise(std::slice::from_ref(finding)));
    let position = place(finding).map(|place| place.source.position(place.span.start));
    // Cases of a suite are told apart by their names.
    let name = position.map_or_else(
        || finding.rule.to_owned(),
        |at| format!("{} at {}:{}", finding.rule, at.line, at.column),
    );
    let mut case = TestCase::new(name, status);
    case.set_classname(file);
    case.extra.insert("file".into(), file.into());
    if let Some(at) = position {
        case.extra.insert("line".into(), at.line.to_string().into());
    }
    case
}
