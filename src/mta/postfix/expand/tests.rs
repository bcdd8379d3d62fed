//! References and expressions, replaced as the daemon does. Must not know where values come from.

use super::*;

fn run(value: &str) -> Result<String, String> {
    run_in(Version::new(&[3, 7]), value)
}

fn run_in(version: Version, value: &str) -> Result<String, String> {
    let meaning = |name: &str| match name {
        "a" => Meaning::Text("A".into()),
        "b" => Meaning::Text("$a$a".into()),
        "empty" => Meaning::Text(String::new()),
        "self" => Meaning::Text("$self".into()),
        "bomb" => Meaning::Text("${b?$bomb2$bomb2}".into()),
        "bomb2" => Meaning::Text("x".repeat(1 << 20)),
        "raw" => Meaning::Raw("$a".into()),
        "machine" => Meaning::Unknown,
        _ => Meaning::Undefined,
    };
    let budget = Cell::new(BUDGET);
    expand(value, version, &meaning, &budget)
        .map(|expanded| expanded.text)
        .map_err(|fault| fault.message)
}

#[test]
fn references_are_replaced() {
    for (value, wanted) in [
        ("x $a.b $(a) ${b} $$a $none.", "x A.b A AA $a ."),
        ("${a?yes}${empty?no}${empty:default}${a:no}", "yesdefault"),
        ("${a?x:y}", "x:y"),
        ("${a ? {p} : {q}}${empty?{p}:{q}}", "pq"),
        ("${{$a} == {A} ? { p } : {q}}", " p "),
        ("${{10} < {9} ? {p} : {q}}${{a} < {b}}", "qtrue"),
        ("${{3.10} <level {3.9} ? {p} : {q}}", "q"),
        ("$raw", "$a"),
        ("$machine x", "$machine x"),
    ] {
        assert_eq!(run(value).as_deref(), Ok(wanted), "{value}");
    }
}

#[test]
fn faults_are_the_daemons() {
    for (value, wanted) in [
        ("${a", "truncated macro reference"),
        ("$", "empty macro name"),
        ("$ x", "empty macro name"),
        ("${}", "empty macro name"),
        ("${my-domain}", "attribute name syntax error at"),
        ("${{a} = {b}}", "unknown operator"),
        ("${{a} ==foo {b}}", "bad operator suffix"),
        ("${{a} == b}", "\"{expression}\" expected at"),
        ("${a?{x}y}", "\":\" expected at"),
        ("${a?{x}:{y}z}", "unexpected input at"),
        ("$self", "unreasonable macro call nesting"),
        ("$bomb", "grows without end"),
    ] {
        let message = run(value).unwrap_err();
        assert!(message.contains(wanted), "{value}: {message}");
    }
}

#[test]
fn functions_came_with_a_version() {
    let to_ascii = "${domain_to_ascii{$a.example}}";
    let message = run(to_ascii).unwrap_err();
    assert!(message.contains("attribute name syntax error at"));
    let new = |value| run_in(Version::new(&[3, 11]), value);
    assert_eq!(new(to_ascii).as_deref(), Ok("A.example"));
    let known = "${domain_to_utf8 {caf\u{e9}.example}}${domain_to_utf8{$empty}?x:y}";
    assert_eq!(new(known).as_deref(), Ok("caf\u{e9}.example"));
    let unknown = "${domain_to_utf8{xn--caf-dma.example}}";
    assert_eq!(new(unknown).as_deref(), Ok(unknown));
    let names = references(to_ascii, Version::new(&[3, 11])).unwrap();
    assert_eq!(names, [("a".to_owned(), 19..20)]);
}

#[test]
fn names_are_found_in_every_branch() {
    let value = "$a ${b?{$c}:{${d:$e}}} ${{$f} == {x$g}}";
    let names = references(value, Version::new(&[3, 7])).unwrap();
    for (name, at) in &names {
        assert_eq!(&value[at.clone()], name);
    }
    let names: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "d", "e", "f", "g"]);
}
