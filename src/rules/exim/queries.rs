//! Queries for databases that hold texts of strangers. Must not know how drivers are read.

use super::names::variables;
use super::taint::is_tainted;
use super::tell::error;
use crate::findings::Finding;
use crate::mta::exim::Files;

/// Texts of strangers in queries.
pub fn unquoted_query(files: &Files<'_>) -> Vec<Finding> {
    const QUERIES: &[&str] = &[
        "mysql", "pgsql", "sqlite", "oracle", "ibase", "redis", "ldap", "ldapm", "ldapdn",
    ];
    let mut found = Vec::new();
    for text in files.texts() {
        let written = text.written.text();
        for kind in QUERIES {
            let starts = [
                format!("lookup {kind}"),
                format!("lookup{{{kind}"),
                format!("{kind};"),
            ];
            let Some(start) = starts.iter().find_map(|start| written.find(start.as_str())) else {
                continue;
            };
            let rest = &written[start..];
            let end = query_end(rest);
            let quote = format!("quote_{}:", kind.trim_end_matches(['m']));
            for (name, range) in variables(text.written) {
                let inside = range.start > start && range.start < start + end;
                let before = &written[..range.start];
                let is_quoted = before.ends_with(&quote)
                    || before.ends_with(&format!("quote_{kind}:"))
                    || before.ends_with(':') && before.contains("quote_");
                if !inside
                    || is_quoted
                    || !is_tainted(name)
                        && !name.starts_with("auth")
                        && !matches!(name, "1" | "2" | "3")
                {
                    continue;
                }
                let Some(place) = text.place(range) else {
                    continue;
                };
                found.push(
                    error(
                        "unquoted-query",
                        &place,
                        format!("strangers choose what `${name}` holds, and here it becomes a part of the query: they can change what is asked"),
                    )
                    .help(format!("write `${{quote_{kind}:${name}}}`"))
                    .instead_of(&format!("${name}"), &format!("${{quote_{kind}:${name}}}")),
                );
            }
        }
    }
    found
}

/// Where the query that begins here ends.
fn query_end(text: &str) -> usize {
    let Some(open) = text.find('{') else {
        return text.len();
    };
    let mut depth = 0_usize;
    for (at, c) in text[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return open + at;
                }
            }
            _ => {}
        }
    }
    text.len()
}

/// The path of a database within its query.
pub fn path_in_query(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for text in files
        .texts()
        .into_iter()
        .filter(|_| files.is_at_least(&[4, 94]))
    {
        let written = text.written.text();
        let Some(start) = written
            .find("lookup sqlite")
            .or_else(|| written.find("sqlite;"))
        else {
            continue;
        };
        let rest = written[start..]
            .trim_start_matches("lookup sqlite")
            .trim_start_matches("sqlite;")
            .trim_start();
        let rest = rest.strip_prefix('{').unwrap_or(rest).trim_start();
        if let (true, Some(place)) = (rest.starts_with('/'), text.whole()) {
            found.push(
                error(
                    "path-in-query",
                    &place,
                    "the file stands in the query, and with a text of a stranger in that the file's name counts as theirs: the lookup fails",
                )
                .help("set `sqlite_dbfile`, or write `sqlite,file=/path` (4.95)"),
            );
        }
    }
    found
}
